"""What an execution leaves behind: records, their store, and the rules for their text. Standard library only."""
