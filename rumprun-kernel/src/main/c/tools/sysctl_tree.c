/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl's way around the tree. The names under "user" are no kernel's: they are what the C library of the tool's system promises, and stand
 * here.
 */
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include "tools/sysctl.h"

/* --- user --- */

struct user {
	const char *name, *string;
	int number, value;
};

static const struct user users[] = {
	{ "cs_path",
	    "/usr/bin:/bin:/usr/sbin:/sbin:/usr/pkg/bin:"
	    "/usr/pkg/sbin:/usr/local/bin:/usr/local/sbin",
	    1, 0 },
	{ "bc_base_max", NULL, 2, 2147483647 },
	{ "bc_dim_max", NULL, 3, 65535 },
	{ "bc_scale_max", NULL, 4, 2147483647 },
	{ "bc_string_max", NULL, 5, 2147483647 },
	{ "coll_weights_max", NULL, 6, 2 },
	{ "expr_nest_max", NULL, 7, 32 },
	{ "line_max", NULL, 8, 2048 },
	{ "re_dup_max", NULL, 9, 255 },
	{ "posix2_version", NULL, 10, 200112 },
	{ "posix2_c_bind", NULL, 11, 1 },
	{ "posix2_c_dev", NULL, 12, 0 },
	{ "posix2_char_term", NULL, 13, 0 },
	{ "posix2_fort_dev", NULL, 14, 0 },
	{ "posix2_fort_run", NULL, 15, 0 },
	{ "posix2_localedef", NULL, 16, 0 },
	{ "posix2_sw_dev", NULL, 17, 0 },
	{ "posix2_upe", NULL, 18, 0 },
	{ "stream_max", NULL, 19, 20 },
	{ "tzname_max", NULL, 20, 511 },
	{ "atexit_max", NULL, 21, -1 },
};
#define NUSERS (sizeof(users) / sizeof(users[0]))

static int
user_children(struct tool *t, struct sysctlnode **np)
{
	struct sysctlnode *n = t_calloc(t, NUSERS, sizeof(*n));

	for (size_t i = 0; i < NUSERS; i++) {
		n[i].sysctl_flags = SYSCTL_VERSION |
		    (users[i].string != NULL ? CTLTYPE_STRING : CTLTYPE_INT);
		n[i].sysctl_num = users[i].number;
		strncpy(n[i].sysctl_name, users[i].name,
		    sizeof(n[i].sysctl_name) - 1);
	}
	*np = n;
	return (int)NUSERS;
}

static int
user_get(struct tool *t, int number, void **bufp, size_t *lenp)
{
	for (size_t i = 0; i < NUSERS; i++) {
		if (users[i].number != number)
			continue;
		if (users[i].string != NULL) {
			*bufp = t_strdup(t, users[i].string);
			*lenp = strlen(users[i].string) + 1;
			return 0;
		}
		*bufp = t_calloc(t, 1, sizeof(int) + 1);
		memcpy(*bufp, &users[i].value, sizeof(int));
		*lenp = sizeof(int);
		return 0;
	}
	return -ENOENT;
}

/* --- the tree --- */

static int
by_number(const void *a, const void *b)
{
	const struct sysctlnode *x = a, *y = b;

	return (x->sysctl_num > y->sysctl_num) - (x->sysctl_num < y->sysctl_num);
}

int
sysctl_children(
    struct tool *t, const int *mib, unsigned len, struct sysctlnode **np)
{
	struct sysctlnode query;
	int name[CTL_MAXNAME];
	size_t size = 64 * sizeof(query), got;
	int error;

	*np = NULL;
	if (len == 1 && mib[0] == CTL_USER)
		return user_children(t, np);
	if (len + 1 > CTL_MAXNAME)
		return -EINVAL;
	if (len > 0)
		memcpy(name, mib, len * sizeof(*mib));
	name[len] = CTL_QUERY;
	memset(&query, 0, sizeof(query));
	query.sysctl_flags = SYSCTL_VERSION;
	for (;;) {
		*np = t_malloc(t, size);
		got = size;
		error = sys_sysctl(
		    t, name, len + 1, *np, &got, &query, sizeof(query));
		if (error != -ENOMEM || got <= size)
			break;
		t_free(t, *np);
		size = got;
	}
	if (error < 0)
		return error;
	if (got > size)
		got = size;
	got /= sizeof(query);
	for (size_t i = 0; i < got; i++)
		(*np)[i].sysctl_name[sizeof(query.sysctl_name) - 1] = '\0';
	qsort(*np, got, sizeof(query), by_number);
	return (int)got;
}

void
sysctl_below(const struct sysctl_at *at, const struct sysctlnode *n,
    struct sysctl_at *to)
{
	struct sysctl_at next = *at;

	next.sa_node = *n;
	if (next.sa_len < CTL_MAXNAME)
		next.sa_mib[next.sa_len++] = n->sysctl_num;
	snprintf(next.sa_name, sizeof(next.sa_name), "%.*s%s%s",
	    (int)(sizeof(next.sa_name) - 40), at->sa_name,
	    at->sa_name[0] != '\0' ? "." : "", n->sysctl_name);
	*to = next;
}

/* A process by its number: it has what proc.curproc has. */
static bool
process(const struct sysctl_at *at, const char *word,
    const struct sysctlnode *n, int count, struct sysctlnode *found)
{
	char *end;
	long pid;

	if (at->sa_len != 1 || at->sa_mib[0] != CTL_PROC || count < 1)
		return false;
	pid = strtol(word, &end, 10);
	if (end == word || *end != '\0' || pid < 0 || pid > INT_MAX)
		return false;
	*found = n[count - 1];
	found->sysctl_num = (int)pid;
	snprintf(found->sysctl_name, sizeof(found->sysctl_name), "%ld", pid);
	return true;
}

static bool
child(struct tool *t, const struct sysctl_at *at, const char *word,
    struct sysctlnode *found)
{
	struct sysctlnode *n;
	int count = sysctl_children(t, at->sa_mib, at->sa_len, &n);

	for (int i = 0; i < count; i++) {
		if (strcmp(n[i].sysctl_name, word) == 0) {
			*found = n[i];
			t_free(t, n);
			return true;
		}
	}
	return process(at, word, n, count, found);
}

int
sysctl_find(struct tool *t, const char *name, struct sysctl_at *at, int *levelp)
{
	struct sysctlnode n;
	char word[64];
	size_t len;

	memset(at, 0, sizeof(*at));
	at->sa_node.sysctl_flags = SYSCTL_VERSION | CTLTYPE_NODE;
	*levelp = 0;
	while (*name != '\0') {
		len = strcspn(name, "./");
		++*levelp;
		if (NODE_TYPE(&at->sa_node) != CTLTYPE_NODE ||
		    len >= sizeof(word) || at->sa_len >= CTL_MAXNAME)
			return -ENOENT;
		memcpy(word, name, len);
		word[len] = '\0';
		if (!child(t, at, word, &n))
			return -ENOENT;
		sysctl_below(at, &n, at);
		name += len;
		if (*name != '\0')
			name++;
	}
	return 0;
}

int
sysctl_get(struct tool *t, const struct sysctl_at *at, void **bufp, size_t *lenp)
{
	size_t size = 1024, got;
	int error;

	*bufp = NULL;
	*lenp = 0;
	if (at->sa_len == 2 && at->sa_mib[0] == CTL_USER)
		return user_get(t, at->sa_mib[1], bufp, lenp);
	for (;;) {
		*bufp = t_calloc(t, 1, size + 1);
		got = size;
		error = sys_sysctl(
		    t, at->sa_mib, at->sa_len, *bufp, &got, NULL, 0);
		if (error != -ENOMEM || size > (1 << 28))
			break;
		t_free(t, *bufp);
		/* It may have grown since. */
		size = (got > size ? got : size * 2) + size / 8;
	}
	*lenp = got <= size ? got : size;
	return error;
}
