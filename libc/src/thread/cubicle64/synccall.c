/* One thread: nothing to do. */
