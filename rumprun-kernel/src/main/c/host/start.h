/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets the start-up code of a new glibc start with an old one. */

/*
 * crt1.o of glibc 2.34 and later asks for __libc_start_main of that version,
 * which differs from the first one in that it runs the program's own
 * constructors; there are none here. This definition is the one that crt1.o
 * finds, and it hands over to the first version. Each executable includes
 * this header in one file, cmd/start.c.
 */
#if defined(__x86_64__)
#define FIRST_VERSION "GLIBC_2.2.5"
#elif defined(__i386__)
#define FIRST_VERSION "GLIBC_2.0"
#endif

#ifdef FIRST_VERSION
typedef int main_function(int, char **, char **);

__asm__(".symver start_main_first,__libc_start_main@" FIRST_VERSION);
int start_main_first(main_function *, int, char **, void (*)(void),
    void (*)(void), void (*)(void), void *);
int __libc_start_main(main_function *, int, char **, void (*)(void),
    void (*)(void), void (*)(void), void *);

int
__libc_start_main(main_function *program, int argc, char **argv,
    void (*init)(void), void (*fini)(void), void (*loader_fini)(void),
    void *stack_end)
{
	return start_main_first(
	    program, argc, argv, init, fini, loader_fini, stack_end);
}
#endif
