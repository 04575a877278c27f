/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The libraries of tools that lie beside this program, loaded when somebody asks.
 *
 * Since glibc 2.34 libc.so.6 has dlopen; before, another library did, which we do not link for this alone. So it is a weak symbol of an old
 * version: where libc.so.6 has none, a program runs the tools that it was linked with.
 */
#include "host/hostonly.h"
#include "host/toolhost.h"
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#pragma weak dlopen
#pragma weak dlsym
#if defined(__x86_64__)
#define OLD_DLOPEN "GLIBC_2.2.5"
#define OLD_DLSYM "GLIBC_2.2.5"
#elif defined(__i386__)
#define OLD_DLOPEN "GLIBC_2.1"
#define OLD_DLSYM "GLIBC_2.0"
#endif
#if defined(OLD_DLOPEN) && defined(RUMPRUN_HOST_FLOOR_H)
__asm__(".symver dlopen,dlopen@" OLD_DLOPEN);
__asm__(".symver dlsym,dlsym@" OLD_DLSYM);
#endif

#define PREFIX "libtools-"
#define SUFFIX ".so"

/* libtools-net.so: the entry that it exports, rumprun_net_tools. NULL: no such library. */
static const void *
load(const char *dir, const char *file)
{
	char path[PATH_MAX], name[128];
	size_t n = strlen(file);
	void *lib;
	int len;

	n -= strlen(PREFIX) + strlen(SUFFIX);
	len = snprintf(name, sizeof(name), "rumprun_%.*s_tools", (int)n,
	    file + strlen(PREFIX));
	if (len < 0 || (size_t)len >= sizeof(name))
		return NULL;
	len = snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (len < 0 || (size_t)len >= sizeof(path))
		return NULL;
	lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	return lib != NULL ? dlsym(lib, name) : NULL;
}

static int
is_library(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return strncmp(d->d_name, PREFIX, strlen(PREFIX)) == 0 &&
	    n > strlen(PREFIX) + strlen(SUFFIX) &&
	    strcmp(d->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

/* Those of one folder, in the order of their names. */
static int
load_all(const char *dir, const void **tables, int n, int max)
{
	struct dirent **files;
	int count, i, j;

	count = scandir(dir, &files, is_library, alphasort);
	if (count < 0)
		return n;
	for (i = 0; i < count; i++) {
		const void *table = n < max ? load(dir, files[i]->d_name) : NULL;

		for (j = 0; j < n && tables[j] != table; j++)
			;
		if (table != NULL && j == n)
			tables[n++] = table;
		free(files[i]);
	}
	free(files);
	return n;
}

int
toolhost_tables(const void **tables, int max)
{
	char self[PATH_MAX], lib[PATH_MAX + 8];
	ssize_t len;
	int n;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0 || dlopen == NULL || dlsym == NULL)
		return 0;
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(lib, sizeof(lib), "%s/../lib", self);
	n = load_all(lib, tables, 0, max);
	return load_all(self, tables, n, max);
}
