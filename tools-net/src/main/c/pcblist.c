/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of sockets from sysctl, whose numbers a kernel deals out as it likes. */
#include "pcblist.h"
#include <limits.h>
#include <netbsd/in.h>
#include <netbsd/in6.h>

#define MAXLIST (64u << 20)

int
sysctl_whole(struct tool *t, const int *mib, unsigned n, void **buf, size_t *len)
{
	int error, tries;

	for (tries = 0; tries < 8; tries++) {
		*len = 0;
		error = sys_sysctl(t, mib, n, NULL, len, NULL, 0);
		if (error < 0)
			return error;
		if (*len > MAXLIST)
			return -ENOMEM;
		*len += *len / 8 + 256;
		*buf = t_calloc(t, 1, *len);
		error = sys_sysctl(t, mib, n, *buf, len, NULL, 0);
		if (error >= 0)
			return 0;
		t_free(t, *buf);
		if (error != -ENOMEM)
			return error;
	}
	return -ENOMEM;
}

/* The nodes below a number. */
static int
children(struct tool *t, const int *mib, unsigned depth,
    struct sysctlnode **out, size_t *n)
{
	int name[CTL_MAXNAME], error;
	struct sysctlnode version;
	size_t len = 0;

	memcpy(name, mib, depth * sizeof(*mib));
	name[depth++] = CTL_QUERY;
	memset(&version, 0, sizeof(version));
	version.sysctl_flags = SYSCTL_VERSION;
	/* Without room it says how much, and that there is none. */
	error = sys_sysctl(
	    t, name, depth, NULL, &len, &version, sizeof(version));
	if (error < 0 && error != -ENOMEM)
		return error;
	if (len > MAXLIST)
		return -ENOMEM;
	len += 16 * sizeof(version);
	*out = t_malloc(t, len);
	error = sys_sysctl(
	    t, name, depth, *out, &len, &version, sizeof(version));
	*n = len / sizeof(version);
	return error < 0 ? error : 0;
}

int
sysctl_number(struct tool *t, const char *name, int mib[CTL_MAXNAME])
{
	struct sysctlnode *nodes;
	unsigned depth = 0;
	size_t n, i, len;
	int error;

	for (;;) {
		len = strcspn(name, ".");
		if (depth == CTL_MAXNAME - 1)
			return -EINVAL;
		if ((error = children(t, mib, depth, &nodes, &n)) != 0)
			return error;
		for (i = 0; i < n; i++)
			if (strncmp(nodes[i].sysctl_name, name, len) == 0 &&
			    len < sizeof(nodes[i].sysctl_name) &&
			    nodes[i].sysctl_name[len] == '\0')
				break;
		if (i == n)
			return -ENOENT;
		mib[depth++] = nodes[i].sysctl_num;
		t_free(t, nodes);
		if (name[len] == '\0')
			return (int)depth;
		name += len + 1;
	}
}

int
sysctl_value_of(struct tool *t, const char *name, void *buf, size_t size)
{
	int mib[CTL_MAXNAME], n = sysctl_number(t, name, mib), error;
	size_t len;
	void *all;

	memset(buf, 0, size);
	if (n < 0)
		return n;
	if ((error = sysctl_whole(t, mib, (unsigned)n, &all, &len)) != 0)
		return error;
	memcpy(buf, all, len < size ? len : size);
	t_free(t, all);
	return 0;
}

int
pcblist_get(
    struct tool *t, const char *name, struct kinfo_pcb **out, size_t *count)
{
	int mib[CTL_MAXNAME], n, error;
	void *buf;
	size_t len;

	*out = NULL;
	*count = 0;
	n = sysctl_number(t, t_asprintf(t, "net.%s.pcblist", name), mib);
	if (n < 0)
		return n;
	if (n + 4 > CTL_MAXNAME)
		return -EINVAL;
	/* All of them, of anybody; the size of one, and how many at most. */
	mib[n++] = 0;
	mib[n++] = 0;
	mib[n++] = (int)sizeof(struct kinfo_pcb);
	mib[n++] = INT_MAX;
	if ((error = sysctl_whole(t, mib, (unsigned)n, &buf, &len)) != 0)
		return error;
	*out = buf;
	*count = len / sizeof(struct kinfo_pcb);
	return 0;
}

const char *
pcblist_path(struct tool *t, const struct sockaddr *sa)
{
	size_t at = offsetof(struct sockaddr, sa_data), n = sa->sa_len, i;
	char *path;

	if (sa->sa_family != AF_LOCAL || n <= at)
		return "";
	path = t_calloc(t, 1, n - at + 1);
	memcpy(path, (const char *)sa + at, n - at);
	for (i = 0; path[i] != '\0'; i++)
		if ((unsigned char)path[i] < ' ' || path[i] == 0x7f)
			path[i] = '?';
	return path;
}

unsigned
pcblist_port(const struct sockaddr *sa)
{
	const uint8_t *b = (const uint8_t *)sa;

	/* At the same place in both. */
	if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
		return 0;
	return (unsigned)b[2] << 8 | b[3];
}

const char *
port_text(struct tool *t, unsigned port, const char *proto)
{
	const char *name = NULL;

	if (port == 0)
		return "*";
	if (proto != NULL)
		name = t_serv_by_port(t, (int)port, proto);
	return name != NULL ? name : t_asprintf(t, "%u", port);
}
