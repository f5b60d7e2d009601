"""What can be seen in a net: boundary, trajectories, warped grid, stability."""
