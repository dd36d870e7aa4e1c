"""The kernel side: what runs in other processes than the build's. Nothing imports it; it is started."""
