/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories and paths inside the kernel: opendir(3), realpath(3), getcwd(3). */
#include "tool/private.h"
#include <string.h>

#define PATHMAX 1024
#define LINKMAX 32
#define DIRBUF 16384

struct tdir {
	struct tool *td_tool;
	int td_fd;
	size_t td_pos, td_len;
	int td_error;
	struct dirent td_entry;
	char *td_buf;
};

int
t_opendir(struct tool *t, const char *path, struct tdir **out)
{
	struct tdir *d;
	int fd;

	*out = NULL;
	fd = sys_open(
	    t, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	d = t_malloc(t, sizeof(*d));
	memset(d, 0, sizeof(*d));
	d->td_tool = t;
	d->td_fd = fd;
	d->td_buf = t_malloc(t, DIRBUF);
	*out = d;
	return 0;
}

/*
 * Records are copied out, with only lengths that fit believed: the kernel may be another program's.
 */
struct dirent *
t_readdir(struct tdir *d)
{
	const size_t head = offsetof(struct dirent, d_name);
	struct dirent *e = &d->td_entry;
	int n;

	for (;;) {
		if (d->td_pos >= d->td_len) {
			n = sys_getdents(
			    d->td_tool, d->td_fd, d->td_buf, DIRBUF);
			if (n <= 0 || n > DIRBUF) {
				d->td_error = n;
				return NULL;
			}
			d->td_pos = 0;
			d->td_len = (size_t)n;
		}
		if (d->td_len - d->td_pos < head)
			return NULL;
		memcpy(e, d->td_buf + d->td_pos, head);
		if (e->d_reclen < head || e->d_reclen > d->td_len - d->td_pos ||
		    e->d_namlen >= sizeof(e->d_name) ||
		    e->d_namlen > e->d_reclen - head)
			return NULL;
		memcpy(e->d_name, d->td_buf + d->td_pos + head, e->d_namlen);
		e->d_name[e->d_namlen] = '\0';
		d->td_pos += e->d_reclen;
		if (e->d_fileno != 0 || e->d_type == DT_WHT)
			return e;
	}
}

void
t_closedir(struct tdir *d)
{
	struct tool *t = d->td_tool;

	sys_close(t, d->td_fd);
	t_free(t, d->td_buf);
	t_free(t, d);
}

int
t_getcwd(struct tool *t, char out[1024])
{
	int n = sys_getcwd(t, out, PATHMAX);

	if (n < 0)
		return n;
	out[PATHMAX - 1] = '\0';
	return 0;
}

/* Drops the last component of an absolute path. */
static void
parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path)
		path[1] = '\0';
	else if (slash != NULL)
		*slash = '\0';
}

static int
append(char *path, const char *name, size_t n)
{
	size_t len = strlen(path);

	if (len > 1)
		path[len++] = '/';
	if (len + n >= PATHMAX) {
		path[len > 1 ? len - 1 : len] = '\0';
		return -ENAMETOOLONG;
	}
	memcpy(path + len, name, n);
	path[len + n] = '\0';
	return 0;
}

/*
 * Every component must exist. `out` holds on failure the path that failed.
 */
int
t_realpath(struct tool *t, const char *path, char out[1024])
{
	char left[2 * PATHMAX], target[PATHMAX], rest[PATHMAX];
	struct stat st;
	const char *p;
	int links = 0, n, error;

	if (path[0] == '\0')
		return out[0] = '\0', -ENOENT;
	if (strlen(path) >= PATHMAX) {
		memcpy(out, path, PATHMAX - 1);
		out[PATHMAX - 1] = '\0';
		return -ENAMETOOLONG;
	}
	strcpy(left, path);
	if (path[0] == '/')
		strcpy(out, "/");
	else if ((error = t_getcwd(t, out)) != 0)
		return out[0] = '\0', error;
	for (p = left;;) {
		size_t len;

		p += strspn(p, "/");
		if (*p == '\0')
			return 0;
		len = strcspn(p, "/");
		if (len == 1 && p[0] == '.') {
			p += len;
			continue;
		}
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			parent(out);
			p += len;
			continue;
		}
		if ((error = append(out, p, len)) != 0)
			return error;
		p += len;
		error = sys_lstat(t, out, &st);
		if (error != 0)
			return error;
		if (!S_ISLNK(st.st_mode))
			continue;
		if (++links > LINKMAX)
			return -ELOOP;
		n = sys_readlink(t, out, target, sizeof(target) - 1);
		if (n < 0)
			return n;
		target[n] = '\0';
		if (target[0] == '/')
			strcpy(out, "/");
		else
			parent(out);
		if (strlen(p) >= sizeof(rest) ||
		    (size_t)n + strlen(p) >= PATHMAX)
			return -ENAMETOOLONG;
		strcpy(rest, p);
		strcpy(left, target);
		strcat(left, rest);
		p = left;
	}
}
