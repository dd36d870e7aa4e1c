"""A MyST-NB site of anybody's, built by stock MyST-NB and by ours, and compared output by output."""
