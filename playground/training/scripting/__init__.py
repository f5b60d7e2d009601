"""The parts of an exported torch script: each module writes the code of one concern."""
