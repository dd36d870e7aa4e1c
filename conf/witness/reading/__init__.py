"""From a page's text to a plan of what to run, and to what is wrong with the text."""
