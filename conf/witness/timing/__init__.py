"""How long a statement takes, and what falsifies that: samples, clocks, the machine, what is not awaited."""
