/* SPDX-License-Identifier: BSD-2-Clause */
/* Internet addresses as text, in the forms of inet(3) and RFC 4291, 2.2. */
#include <rumprun/tool_net.h>
#include <ctype.h>
#include <stdio.h>

static void
put32(uint32_t host, uint32_t *out)
{
	uint8_t b[4] = { (uint8_t)(host >> 24), (uint8_t)(host >> 16),
		(uint8_t)(host >> 8), (uint8_t)host };

	memcpy(out, b, sizeof(b));
}

/* One number of an address; false when there is none. It may be 32 bits wide. */
static bool
part(const char **sp, uint64_t *out)
{
	const char *s = *sp;
	unsigned base = 10, digit;
	uint64_t v = 0;

	if (!isdigit((unsigned char)*s))
		return false;
	if (*s == '0') {
		base = 8;
		if (s[1] == 'x' || s[1] == 'X') {
			base = 16;
			s += 2;
			if (!isxdigit((unsigned char)*s))
				return false;
		}
	}
	for (; isxdigit((unsigned char)*s); s++) {
		digit = isdigit((unsigned char)*s) ?
		    (unsigned)(*s - '0') :
		    (unsigned)(tolower((unsigned char)*s) - 'a') + 10;
		if (digit >= base)
			return false;
		v = v * base + digit;
		if (v > UINT32_MAX)
			return false;
	}
	*sp = s;
	*out = v;
	return true;
}

bool
t_inet_aton(const char *s, uint32_t *addr)
{
	uint64_t v[4], max;
	uint32_t host = 0;
	int i, n = 0;

	for (;;) {
		if (n == 4 || !part(&s, &v[n++]))
			return false;
		if (*s != '.')
			break;
		s++;
	}
	if (*s != '\0' && !isspace((unsigned char)*s))
		return false;
	for (i = 0; i < n - 1; i++) {
		if (v[i] > 255)
			return false;
		host |= (uint32_t)v[i] << (24 - 8 * i);
	}
	max = UINT32_MAX >> (8 * (n - 1));
	if (v[n - 1] > max)
		return false;
	put32(host | (uint32_t)v[n - 1], addr);
	return true;
}

bool
t_inet_pton4(const char *s, uint32_t *addr)
{
	uint8_t b[4];
	int i;

	for (i = 0; i < 4; i++) {
		unsigned v = 0;
		int digits = 0;

		for (; isdigit((unsigned char)*s); s++) {
			if (++digits > 3 || (digits == 2 && v == 0))
				return false;
			v = v * 10 + (unsigned)(*s - '0');
		}
		if (digits == 0 || v > 255)
			return false;
		b[i] = (uint8_t)v;
		if (*s++ != (i < 3 ? '.' : '\0'))
			return false;
	}
	memcpy(addr, b, sizeof(b));
	return true;
}

/* The groups up to a "::" or the end, at most `max`; -1: not well formed. */
static int
groups(const char **sp, uint16_t *g, int max)
{
	const char *s = *sp;
	uint32_t v4;
	int n = 0;

	if (*s == '\0' || (s[0] == ':' && s[1] == ':'))
		return 0;
	for (;;) {
		unsigned v = 0;
		const char *start = s;

		for (; isxdigit((unsigned char)*s) && s - start < 4; s++)
			v = v << 4 |
			    (isdigit((unsigned char)*s) ?
				    (unsigned)(*s - '0') :
				    (unsigned)(tolower((unsigned char)*s) - 'a') +
					10);
		if (*s == '.') {
			uint8_t b[4];

			if (n > max - 2 || !t_inet_pton4(start, &v4))
				return -1;
			memcpy(b, &v4, sizeof(b));
			g[n++] = (uint16_t)(b[0] << 8 | b[1]);
			g[n++] = (uint16_t)(b[2] << 8 | b[3]);
			s += strlen(s);
			break;
		}
		if (s == start || n == max)
			return -1;
		g[n++] = (uint16_t)v;
		if (*s == '\0' || (s[0] == ':' && s[1] == ':'))
			break;
		if (*s++ != ':')
			return -1;
	}
	*sp = s;
	return n;
}

bool
t_inet_pton6(const char *s, uint8_t addr[16])
{
	uint16_t g[8] = { 0 }, tail[8];
	int head, n = 0, i;

	head = groups(&s, g, 8);
	if (head < 0)
		return false;
	if (*s == ':') {
		s += 2;
		if (head == 8 || *s == ':')
			return false;
		n = groups(&s, tail, 7 - head);
		if (n < 0 || *s != '\0')
			return false;
		for (i = 0; i < n; i++)
			g[8 - n + i] = tail[i];
	} else if (head != 8)
		return false;
	for (i = 0; i < 8; i++) {
		addr[2 * i] = (uint8_t)(g[i] >> 8);
		addr[2 * i + 1] = (uint8_t)g[i];
	}
	return true;
}

char *
t_inet_ntop4(uint32_t addr, char out[16])
{
	uint8_t b[4];

	memcpy(b, &addr, sizeof(b));
	snprintf(out, 16, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	return out;
}

char *
t_inet_ntop6(const uint8_t addr[16], char out[46])
{
	int start = -1, len = 1, i, run; /* the longest run of two or more */
	uint16_t g[8];
	size_t at = 0;
	uint32_t v4;
	char dotted[16];

	for (i = 0; i < 8; i++)
		g[i] = (uint16_t)(addr[2 * i] << 8 | addr[2 * i + 1]);
	for (i = 0; i < 8; i += run + 1) {
		for (run = 0; i + run < 8 && g[i + run] == 0; run++)
			;
		if (run > len) {
			start = i;
			len = run;
		}
	}
	for (i = 0; i < 8; i++) {
		if (start >= 0 && i >= start && i < start + len) {
			if (i == start)
				out[at++] = ':';
			continue;
		}
		if (i != 0)
			out[at++] = ':';
		if (i == 6 && start == 0 &&
		    (len == 6 || (len == 5 && g[5] == 0xffff))) {
			memcpy(&v4, addr + 12, sizeof(v4));
			at += (size_t)snprintf(
			    out + at, 46 - at, "%s", t_inet_ntop4(v4, dotted));
			break;
		}
		at += (size_t)snprintf(out + at, 46 - at, "%x", g[i]);
	}
	if (start >= 0 && start + len == 8)
		out[at++] = ':';
	out[at] = '\0';
	return out;
}
