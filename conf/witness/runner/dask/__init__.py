"""The workers of a Dask cluster as an executor: a page is a task, and one that measures has its worker to itself."""
