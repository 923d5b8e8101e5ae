MODULES += hello
hello_SOURCES := apps/hello/hello.c
hello_PROVIDES := app
