// In place of the theme's file of this name, which draws every icon there is: icons.css draws the few that pages use.
