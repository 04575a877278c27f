/* SPDX-License-Identifier: BSD-2-Clause */
/* The URLs that name a server. */
#include <netbsd/errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "proxy/url.h"

#define ID_MAX 15 /* characters before "://" */
#define HOST_MAX 63

static int
parse_unix(const char *path, struct sock_addr *a, bool *relative, char *why,
    size_t whysize)
{
	char cwd[sizeof(a->sa_path)];
	int error, n;

	why[0] = '\0';
	a->sa_unix = true;
	*relative = path[0] != '/';
	if (*relative && (error = sock_cwd(cwd, sizeof(cwd))) != 0) {
		if (error == -ERANGE)
			return -ENAMETOOLONG;
		/* As it is, then; it will not be removed at the end. */
		n = snprintf(a->sa_path, sizeof(a->sa_path), "%s", path);
	} else if (*relative)
		n = snprintf(a->sa_path, sizeof(a->sa_path), "%s/%s",
		    strcmp(cwd, "/") == 0 ? "" : cwd, path);
	else
		n = snprintf(a->sa_path, sizeof(a->sa_path), "%s", path);
	(void)whysize;
	if (n < 0 || (size_t)n >= sizeof(a->sa_path))
		return -ENAMETOOLONG;
	return 0;
}

/* An IPv4 address of four decimal numbers. */
static bool
dotted(const char *s, uint32_t *ipp)
{
	uint32_t ip = 0, part;
	int digits;

	for (int i = 0; i < 4; i++) {
		part = 0;
		for (digits = 0; *s >= '0' && *s <= '9'; s++, digits++) {
			part = part * 10 + (uint32_t)(*s - '0');
			if (part > 255)
				return false;
		}
		if (digits == 0 || *s != (i < 3 ? '.' : '\0'))
			return false;
		s++;
		ip = ip << 8 | part;
	}
	*ipp = ip;
	return true;
}

static int
parse_port(const char *s, struct sock_addr *a, char *why, size_t whysize)
{
	unsigned long port = 0;
	const char *p;

	for (p = s; *p >= '0' && *p <= '9'; p++)
		if (port <= 100000000)
			port = port * 10 + (unsigned long)(*p - '0');
	if (p == s || (*p != '\0' && *p != '/')) {
		snprintf(why, whysize, "rump_sp_tcp: invalid port \"%s\"", s);
		return -EINVAL;
	}
	if (port > 65535) {
		snprintf(
		    why, whysize, "rump_sp_tcp: port %lu out of range", port);
		return -ERANGE;
	}
	a->sa_port = (uint16_t)port;
	return 0;
}

static int
parse_tcp(const char *rest, bool server, struct sock_addr *a, char *why,
    size_t whysize)
{
	char host[HOST_MAX + 1];
	const char *colon = strchr(rest, ':');
	size_t n;

	if (colon == NULL) {
		snprintf(why, whysize, "rump_sp_tcp: missing port specifier");
		return -EINVAL;
	}
	n = (size_t)(colon - rest);
	if (n > HOST_MAX) {
		snprintf(why, whysize, "rump_sp_tcp: address too long");
		return -EINVAL;
	}
	memcpy(host, rest, n);
	host[n] = '\0';
	if (strcmp(host, "*") == 0 || strcmp(host, "0") == 0)
		a->sa_ip = 0;
	else if (!dotted(host, &a->sa_ip)) {
		snprintf(why, whysize, "rump_sp_tcp: cannot parse %s", host);
		return -EINVAL;
	}
	if (a->sa_ip == 0 && !server) {
		snprintf(why, whysize, "rump_sp_tcp: client needs !INADDR_ANY");
		return -EINVAL;
	}
	return parse_port(colon + 1, a, why, whysize);
}

int
url_parse(const char *url, bool server, struct sock_addr *a, bool *relative,
    char *why, size_t whysize)
{
	const char *sep = strstr(url, "://");
	size_t n;

	memset(a, 0, sizeof(*a));
	*relative = false;
	why[0] = '\0';
	if (sep == NULL || (n = (size_t)(sep - url)) > ID_MAX) {
		snprintf(why, whysize, "rump_sp: invalid locator ``%s''", url);
		return -EINVAL;
	}
	if (n == 4 && memcmp(url, "unix", n) == 0)
		return parse_unix(sep + 3, a, relative, why, whysize);
	if (n == 3 && memcmp(url, "tcp", n) == 0)
		return parse_tcp(sep + 3, server, a, why, whysize);
	if (n == 4 && memcmp(url, "tcp6", n) == 0) {
		snprintf(why, whysize, "rump_sp: support not yet implemented");
		return -EOPNOTSUPP;
	}
	snprintf(why, whysize, "rump_sp: invalid identifier ``%s''", url);
	return -EINVAL;
}
