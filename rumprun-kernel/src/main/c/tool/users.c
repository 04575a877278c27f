/* SPDX-License-Identifier: BSD-2-Clause */
/* Users and groups, from the kernel's own /etc/passwd and /etc/group; read once a tool, when first asked for. */
#include "tool/private.h"
#include <stdlib.h>
#include <string.h>

#define MAXTABLE (16u << 20) /* bytes of such a file that are read */

/* A whole file in the arena, NUL-terminated; NULL when it cannot be read. */
static char *
slurp(struct tool *t, const char *path)
{
	size_t len = 0, size = 4096;
	char *buf;
	ssize_t n;
	int fd;

	fd = sys_open(t, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	buf = t_malloc(t, size);
	while ((n = sys_read(t, fd, buf + len, size - len - 1)) > 0) {
		len += (size_t)n;
		if (len + 1 == size) {
			if (size >= MAXTABLE)
				break;
			buf = t_realloc(t, buf, size *= 2);
		}
	}
	sys_close(t, fd);
	buf[len] = '\0';
	return buf;
}

static bool
number(const char *s, uint32_t *out)
{
	char *end;
	unsigned long v;

	if (*s < '0' || *s > '9')
		return false;
	v = strtoul(s, &end, 10);
	if (*end != '\0' || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* Lines of fields with colons: the first is the name, the third the id. */
static void
load(struct tool *t, struct taccounts *a, const char *path)
{
	char *line, *next, *field[4];
	size_t size = 0;

	if (a->loaded)
		return;
	a->loaded = true;
	line = slurp(t, path);
	for (; line != NULL && *line != '\0'; line = next) {
		int i;

		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		for (i = 0; i < 4; i++) {
			field[i] = line;
			line += strcspn(line, ":");
			if (*line != '\0')
				*line++ = '\0';
		}
		if (a->count == size) {
			size = size != 0 ? size * 2 : 32;
			a->table = t_realloc(
			    t, a->table, size * sizeof(a->table[0]));
		}
		a->table[a->count].name = field[0];
		a->table[a->count].gid = 0;
		number(field[3], &a->table[a->count].gid);
		if (field[0][0] != '\0' && field[0][0] != '#' &&
		    number(field[2], &a->table[a->count].id))
			a->count++;
	}
}

static struct taccounts *
users(struct tool *t)
{
	struct taccounts *a = &tool_priv(t)->tp_users;

	load(t, a, "/etc/passwd");
	return a;
}

static struct taccounts *
groups(struct tool *t)
{
	struct taccounts *a = &tool_priv(t)->tp_groups;

	load(t, a, "/etc/group");
	return a;
}

static const char *
by_id(const struct taccounts *a, uint32_t id)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (a->table[i].id == id)
			return a->table[i].name;
	return NULL;
}

static int
by_name(const struct taccounts *a, const char *name, uint32_t *id)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (strcmp(a->table[i].name, name) == 0) {
			*id = a->table[i].id;
			return 0;
		}
	return -1;
}

const char *
t_user_from_uid(struct tool *t, uid_t uid)
{
	return by_id(users(t), uid);
}

const char *
t_group_from_gid(struct tool *t, gid_t gid)
{
	return by_id(groups(t), gid);
}

int
t_uid_from_user(struct tool *t, const char *name, uid_t *uid)
{
	return by_name(users(t), name, uid);
}

int
t_gid_from_group(struct tool *t, const char *name, gid_t *gid)
{
	return by_name(groups(t), name, gid);
}
