"""What pages did on another device, in one file that a build can show beside what they did here."""
