"""What is wrong: learnt detectors, declared checks, and the windows they look at."""
