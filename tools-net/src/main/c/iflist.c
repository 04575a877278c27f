/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces and addresses from the routing sysctl, whose messages may come from anybody's kernel. */
#include "iflist.h"
#include <netbsd/sysctl.h>
#include <stdio.h>
#include <stdlib.h>

#define MAXLIST (64u << 20) /* bytes that a list may have */

int
rt_sysctl(struct tool *t, int af, int op, int arg, void **buf, size_t *len)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, af, op, arg }, error, tries;

	for (tries = 0; tries < 8; tries++) {
		*len = 0;
		error = sys_sysctl(t, mib, 6, NULL, len, NULL, 0);
		if (error < 0)
			return error;
		if (*len > MAXLIST)
			return -ENOMEM;
		*len += *len / 8 + 256;
		*buf = t_malloc(t, *len);
		error = sys_sysctl(t, mib, 6, *buf, len, NULL, 0);
		if (error >= 0)
			return 0;
		t_free(t, *buf);
		if (error != -ENOMEM)
			return error;
	}
	return -ENOMEM;
}

void
in6_zone_out(struct sockaddr_in6 *sin6)
{
	uint8_t *b = sin6->sin6_addr.__u6_addr.__u6_addr8;
	bool local = b[0] == 0xfe && (b[1] & 0xc0) == 0x80,
	     group = b[0] == 0xff && ((b[1] & 0xf) == 1 || (b[1] & 0xf) == 2);

	if ((!local && !group) || (b[2] == 0 && b[3] == 0))
		return;
	if (sin6->sin6_scope_id == 0)
		sin6->sin6_scope_id = (uint32_t)b[2] << 8 | b[3];
	b[2] = b[3] = 0;
}

bool
rt_addresses(
    const void *buf, const void *end, int addrs, union any_addr info[RTAX_MAX])
{
	const uint8_t *p = buf;
	size_t left = (size_t)((const uint8_t *)end - p), step, n;
	int i;

	for (i = 0; i < RTAX_MAX; i++) {
		memset(&info[i], 0, sizeof(info[i]));
		if ((addrs & 1 << i) == 0)
			continue;
		if (left == 0)
			return false;
		n = p[0];
		step = n == 0 ? 8 : (n + 7) & ~(size_t)7;
		if (n > left)
			return false;
		memcpy(info[i].bytes, p, n);
		if (info[i].sa.sa_family == AF_INET6)
			in6_zone_out(&info[i].in6);
		if (step > left)
			step = left;
		p += step;
		left -= step;
	}
	return true;
}

const uint8_t *
link_bytes(const union any_addr *a, unsigned *len)
{
	size_t at = offsetof(struct sockaddr_dl, sdl_addr.dl_data) +
	    a->dl.sdl_addr.dl_nlen;

	*len = a->dl.sdl_addr.dl_alen;
	if (a->sa.sa_family != AF_LINK || at + *len > sizeof(a->bytes))
		*len = 0;
	return a->bytes + (*len != 0 ? at : 0);
}

char *
link_text(const union any_addr *a, char out[64])
{
	unsigned len, i;
	const uint8_t *b = link_bytes(a, &len);

	out[0] = '\0';
	for (i = 0; i < len && i < 20; i++)
		snprintf(out + strlen(out), 64 - strlen(out), "%s%02x",
		    i != 0 ? ":" : "", b[i]);
	return out;
}

bool
link_parse(const char *s, struct sockaddr_dl *sdl)
{
	char *b = sdl->sdl_addr.dl_data;
	unsigned n = 0;

	memset(sdl, 0, sizeof(*sdl));
	for (;;) {
		size_t digits = strspn(s, "0123456789abcdefABCDEF");

		if (digits == 0 || digits > 2 ||
		    n == sizeof(sdl->sdl_addr.dl_data))
			return false;
		b[n++] = (char)strtoul(s, NULL, 16);
		s += digits;
		if (*s == '\0')
			break;
		if (*s++ != ':')
			return false;
	}
	sdl->sdl_len = sizeof(*sdl);
	sdl->sdl_family = AF_LINK;
	sdl->sdl_addr.dl_alen = (uint8_t)n;
	return n > 1;
}

unsigned
mask_length(const uint8_t *bytes, size_t n)
{
	unsigned bits = 0;

	while (bits < n * 8 && (bytes[bits / 8] & 0x80 >> (bits & 7)) != 0)
		bits++;
	return bits;
}

char *
in6_text(
    const struct sockaddr_in6 *sin6, const struct if_entry *list, char out[80])
{
	const struct if_entry *ifp = list != NULL ?
	    iflist_index(list, sin6->sin6_scope_id) :
	    NULL;

	t_inet_ntop6(sin6->sin6_addr.__u6_addr.__u6_addr8, out);
	if (sin6->sin6_scope_id != 0 && ifp != NULL)
		snprintf(out + strlen(out), 80 - strlen(out), "%%%s", ifp->name);
	else if (sin6->sin6_scope_id != 0)
		snprintf(out + strlen(out), 80 - strlen(out), "%%%u",
		    (unsigned)sin6->sin6_scope_id);
	return out;
}

bool
in6_parse(const char *s, const struct if_entry *list, struct sockaddr_in6 *sin6)
{
	const char *zone = strchr(s, '%');
	size_t n = zone != NULL ? (size_t)(zone - s) : strlen(s);
	const struct if_entry *ifp;
	char text[64], *end;

	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (!t_inet_pton6(text, sin6->sin6_addr.__u6_addr.__u6_addr8))
		return false;
	if (zone == NULL)
		return true;
	ifp = iflist_name(list, zone + 1);
	sin6->sin6_scope_id = ifp != NULL ?
	    ifp->index :
	    (uint32_t)strtoul(zone + 1, &end, 10);
	return ifp != NULL || (zone[1] >= '0' && zone[1] <= '9' && *end == '\0');
}

const struct if_entry *
iflist_name(const struct if_entry *list, const char *name)
{
	while (list != NULL && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

const struct if_entry *
iflist_index(const struct if_entry *list, unsigned index)
{
	while (list != NULL && list->index != index)
		list = list->next;
	return list;
}

static struct if_entry *
add_interface(struct tool *t, const struct if_msghdr *ifm,
    const union any_addr info[RTAX_MAX])
{
	const struct sockaddr_dl *dl = &info[RTAX_IFP].dl;
	struct if_entry *e = t_calloc(t, 1, sizeof(*e));
	size_t n = dl->sdl_addr.dl_nlen;

	if (n >= sizeof(e->name))
		n = sizeof(e->name) - 1;
	if (dl->sdl_family == AF_LINK)
		memcpy(e->name,
		    info[RTAX_IFP].bytes +
			offsetof(struct sockaddr_dl, sdl_addr.dl_data),
		    n);
	e->index = ifm->ifm_index;
	e->flags = ifm->ifm_flags;
	e->data = ifm->ifm_data;
	e->link = info[RTAX_IFP];
	return e;
}

void
iflist_free(struct tool *t, struct if_entry *list)
{
	while (list != NULL) {
		struct if_entry *next = list->next;

		while (list->addrs != NULL) {
			struct ifa_entry *a = list->addrs;

			list->addrs = a->next;
			t_free(t, a);
		}
		t_free(t, list);
		list = next;
	}
}

int
iflist_get(struct tool *t, struct if_entry **out)
{
	struct if_entry **tail = out, *cur = NULL;
	struct ifa_entry **atail = NULL;
	union any_addr info[RTAX_MAX];
	size_t len, n;
	uint8_t *p, *end;
	void *buf;
	int error;

	*out = NULL;
	error = rt_sysctl(t, 0, NET_RT_IFLIST, 0, &buf, &len);
	if (error != 0)
		return error;
	for (p = buf, end = p + len; (size_t)(end - p) >= 4; p += n) {
		struct if_msghdr ifm;
		struct ifa_msghdr ifam;
		uint16_t msglen;

		memcpy(&msglen, p, sizeof(msglen));
		n = msglen;
		if (n < 4 || n > (size_t)(end - p))
			return -EIO;
		if (p[2] != RTM_VERSION)
			continue;
		if (p[3] == RTM_IFINFO && n >= sizeof(ifm)) {
			memcpy(&ifm, p, sizeof(ifm));
			if (!rt_addresses(
				p + sizeof(ifm), p + n, ifm.ifm_addrs, info))
				return -EIO;
			cur = add_interface(t, &ifm, info);
			*tail = cur;
			tail = &cur->next;
			atail = &cur->addrs;
		} else if (p[3] == RTM_NEWADDR && n >= sizeof(ifam) &&
		    cur != NULL) {
			struct ifa_entry *a;

			memcpy(&ifam, p, sizeof(ifam));
			if (!rt_addresses(
				p + sizeof(ifam), p + n, ifam.ifam_addrs, info))
				return -EIO;
			if (ifam.ifam_index != cur->index ||
			    info[RTAX_IFA].sa.sa_family == AF_UNSPEC)
				continue;
			a = t_calloc(t, 1, sizeof(*a));
			a->addr = info[RTAX_IFA];
			a->mask = info[RTAX_NETMASK];
			a->dst = info[RTAX_BRD];
			*atail = a;
			atail = &a->next;
		}
	}
	t_free(t, buf);
	return 0;
}
