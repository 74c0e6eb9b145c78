"""What is wrong: learnt detectors, declared checks, the windows and rule sets they look at."""
