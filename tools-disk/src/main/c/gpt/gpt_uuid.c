/* SPDX-License-Identifier: BSD-2-Clause */
/* GUIDs, the types that have names, and labels in UTF-16. */
#include "gpt/gpt.h"
#include <ctype.h>
#include <netbsd/sysctl.h>
#include <stdio.h>
#include <string.h>

const struct gpt_type gpt_types[] = {
	{ "apple", "Apple HFS", "48465300-0000-11aa-aa11-00306543ecac" },
	{ "apple-ufs", "Apple UFS", "55465300-0000-11aa-aa11-00306543ecac" },
	{ "bios", "BIOS Boot", "21686148-6449-6e6f-744e-656564454649" },
	{ "efi", "EFI System", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" },
	{ "fbsd-legacy", "FreeBSD legacy",
	    "516e7cb4-6ecf-11d6-8ff8-00022d09712b" },
	{ "fbsd-swap", "FreeBSD swap", "516e7cb5-6ecf-11d6-8ff8-00022d09712b" },
	{ "fbsd-ufs", "FreeBSD UFS/UFS2",
	    "516e7cb6-6ecf-11d6-8ff8-00022d09712b" },
	{ "fbsd-vinum", "FreeBSD vinum",
	    "516e7cb8-6ecf-11d6-8ff8-00022d09712b" },
	{ "fbsd-zfs", "FreeBSD ZFS", "516e7cba-6ecf-11d6-8ff8-00022d09712b" },
	{ "linux-data", "Linux data", "0fc63daf-8483-4772-8e79-3d69d8477de4" },
	{ "linux-raid", "Linux RAID", "a19d880f-05fc-4d3b-a006-743f0f84911e" },
	{ "linux-swap", "Linux swap", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" },
	{ "linux-lvm", "Linux LVM", "e6d6d379-f507-44c2-a23c-238f2a3df928" },
	{ "windows", "Windows basic data",
	    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7" },
	{ "windows-reserved", "Windows reserved",
	    "e3c9e316-0b5c-4db8-817d-f92df00215ae" },
	{ "ccd", "NetBSD ccd component",
	    "2db519c4-b10f-11dc-b99b-0019d1879648" },
	{ "cgd", "NetBSD Cryptographic Disk",
	    "2db519ec-b10f-11dc-b99b-0019d1879648" },
	{ "ffs", "NetBSD FFSv1/FFSv2", "49f48d5a-b10e-11dc-b99b-0019d1879648" },
	{ "lfs", "NetBSD LFS", "49f48d82-b10e-11dc-b99b-0019d1879648" },
	{ "raid", "NetBSD RAIDFrame component",
	    "49f48daa-b10e-11dc-b99b-0019d1879648" },
	{ "swap", "NetBSD swap", "49f48d32-b10e-11dc-b99b-0019d1879648" },
	{ NULL, NULL, NULL },
};

/* The first three groups are numbers, little-endian; the rest are bytes. */
static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13,
	14, 15 };

void
gpt_uuid_print(const uint8_t u[16], char out[UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[u[order[i]] >> 4];
		*out++ = hex[u[order[i]] & 15];
	}
	*out = '\0';
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      -1;
}

static bool
parse_text(const char *s, uint8_t u[16])
{
	if (strlen(s) != UUID_TEXT - 1)
		return false;
	for (int i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *s++ != '-')
			return false;
		if (digit(s[0]) < 0 || digit(s[1]) < 0)
			return false;
		u[order[i]] = (uint8_t)(digit(s[0]) << 4 | digit(s[1]));
		s += 2;
	}
	return true;
}

bool
gpt_uuid_parse(const char *s, uint8_t u[16])
{
	for (const struct gpt_type *ty = gpt_types; ty->name != NULL; ty++)
		if (strcmp(s, ty->name) == 0)
			s = ty->uuid;
	/* What later releases call it. */
	if (strcmp(s, "zfs") == 0)
		s = "516e7cba-6ecf-11d6-8ff8-00022d09712b";
	return parse_text(s, u);
}

void
gpt_uuid_of(const char *name, uint8_t u[16])
{
	memset(u, 0, 16);
	(void)gpt_uuid_parse(name, u);
}

const struct gpt_type *
gpt_type(const uint8_t u[16])
{
	char text[UUID_TEXT];

	gpt_uuid_print(u, text);
	for (const struct gpt_type *ty = gpt_types; ty->name != NULL; ty++)
		if (strcmp(text, ty->uuid) == 0)
			return ty;
	return NULL;
}

/* A number that looks random (SplitMix64). */
static uint64_t
mix(uint64_t z)
{
	z += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void
gpt_uuid_new(struct gpt *g, uint8_t u[16])
{
	static const int mib[] = { CTL_KERN, KERN_ARND };

	for (size_t i = 0; i < 16 && g->stamped; i += 8)
		gpt_put64(u + i, mix(mix(g->stamp) + g->stamps++));
	/* One number is all that the sysctl gives in NetBSD. */
	for (size_t i = 0; i < 16 && !g->stamped; i += 4) {
		size_t n = 4;
		int error = sys_sysctl(g->t, mib, 2, u + i, &n, NULL, 0);

		if (error < 0 || n != 4)
			gpt_fail(g, error < 0 ? error : EIO, "kern.arandom");
	}
	u[7] = (uint8_t)((u[7] & 0x0f) | 0x40); /* version 4 */
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
}

/* --- labels --------------------------------------------------------------------- */

/* One character of UTF-8; 0xffffffff when it is none. */
static uint32_t
utf8_next(const uint8_t **sp)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *s = *sp;
	uint32_t c = *s++;
	int more = c < 0x80	  ? 0 :
	    c >= 0xc2 && c < 0xe0 ? 1 :
	    c >= 0xe0 && c < 0xf0 ? 2 :
	    c >= 0xf0 && c < 0xf5 ? 3 :
				    -1;

	if (more < 0)
		return UINT32_MAX;
	if (more > 0)
		c &= 0x3fU >> more;
	for (int i = 0; i < more; i++) {
		if ((*s & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (*s++ & 0x3f);
	}
	*sp = s;
	return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ?
	    UINT32_MAX :
	    c;
}

bool
gpt_name_put(uint8_t *entry, const char *name)
{
	const uint8_t *s = (const uint8_t *)name;
	uint16_t units[GPT_NAME] = { 0 };
	int n = 0;

	while (*s != '\0') {
		uint32_t c = utf8_next(&s);

		if (c == UINT32_MAX || n + (c >= 0x10000 ? 2 : 1) > GPT_NAME)
			return false;
		if (c >= 0x10000) {
			units[n++] = (uint16_t)(0xd7c0 + (c >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		units[n++] = (uint16_t)c;
	}
	for (int i = 0; i < GPT_NAME; i++) {
		entry[ENT_NAME + 2 * i] = (uint8_t)units[i];
		entry[ENT_NAME + 2 * i + 1] = (uint8_t)(units[i] >> 8);
	}
	return true;
}

void
gpt_name_get(const uint8_t *entry, char out[GPT_NAME_UTF8])
{
	for (int i = 0; i < GPT_NAME; i++) {
		const uint8_t *p = entry + ENT_NAME + 2 * i;
		uint32_t c = (uint32_t)(p[0] | p[1] << 8), low;

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < GPT_NAME) {
			low = (uint32_t)(p[2] | p[3] << 8);
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 +
				    ((c & 0x3ff) << 10 | (low & 0x3ff));
				i++;
			}
		}
		/* Halves of characters, and what terminals would obey. */
		if ((c >= 0xd800 && c < 0xe000) || c < 0x20 ||
		    (c >= 0x7f && c < 0xa0))
			c = '?';
		if (c >= 0x10000) {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		} else if (c >= 0x800)
			*out++ = (char)(0xe0 | c >> 12);
		if (c >= 0x800)
			*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		else if (c >= 0x80)
			*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	*out = '\0';
}
