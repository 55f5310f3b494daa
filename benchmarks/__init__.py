"""Speed and memory of this project and of its peers, side by side in one run."""
