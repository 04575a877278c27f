/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings of files that others may cut at any time.
 *
 * Where a file has become too short for its mapping, the host raises SIGBUS. As long as there is a guarded mapping this process has a handler for that signal, which
 * puts zeros in the place of the whole mapping and has the access done again; every other SIGBUS goes on to the handler that was there before. With the
 * last guarded mapping the handler goes.
 */
#ifndef HOST_GUARD_H
#define HOST_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* `size` bytes (whole pages) of fd, shared, for reading and writing. 0 or a negative NetBSD errno. */
int guard_map(int fd, size_t size, void **memp);
void guard_unmap(void *mem, size_t size);
/* Have zeros taken the place of the file since the last guard_again? */
bool guard_lost(const void *mem);
/* Maps the file there again. */
int guard_again(int fd, void *mem, size_t size);

#endif
