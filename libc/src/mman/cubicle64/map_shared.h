/* Maps @len bytes, whole pages, of the file from @off on, shared. The address, or -errno. */
long __map_shared(unsigned long len, int prot, int fd, long off)
    __attribute__((__visibility__("hidden")));
