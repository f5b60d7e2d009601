"""Classes: a code that students join by, what the teacher shows, and the board of their runs."""
