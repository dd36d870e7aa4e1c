NAME = "found by PYTHONPATH of conf.py"
