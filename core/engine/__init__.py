"""The upper floor: the only rooms that import torch. Reached by the worker and the command line."""
