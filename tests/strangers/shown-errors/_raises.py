print(1)
raise KeyError("in script")
