/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ifconfig's words for wireless interfaces and carp(4). No rump kernel has such hardware, so what matters is that each word asks
 * the kernel by the request that NetBSD's tool makes, and passes on its refusal.
 */
#include "ifconfig.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define SIOCS80211NWID 0xc09069e6UL
#define SIOCS80211NWKEY \
	((unsigned long)(0x80006900UL | 232 | sizeof(struct nwkey) << 16))
#define SIOCS80211POWER 0x801869eaUL
#define SIOCG80211POWER 0xc01869ebUL
#define SIOCS80211CHANNEL 0x801269eeUL
#define SIOCS80211BSSID 0x801669f0UL
#define SIOCS80211 \
	((unsigned long)(0x80006900UL | 244 | sizeof(struct req80211) << 16))

#define IOC_HIDESSID 29
#define IOC_APBRIDGE 30
#define IOC_FRAGTHRESHOLD 73
#define IOC_SCAN_RESULTS 24

#define MAXNWID 32
#define NKEYS 4

struct nwid {
	uint8_t len, nwid[MAXNWID];
};
struct nwkey {
	char name[16];
	int wepon, defkid;
	struct {
		int len;
		uint8_t *dat;
	} key[NKEYS];
};
struct power {
	char name[16];
	int enabled, maxsleep;
};
struct channel {
	char name[16];
	uint16_t channel;
};
struct bssid {
	char name[16];
	uint8_t bssid[6];
};
struct req80211 {
	char name[16];
	uint16_t type;
	int16_t val;
	uint16_t len;
	void *data;
};
struct carp {
	int state;
	char dev[16];
	int vhid, advskew, advbase;
	unsigned char key[20];
};

static void
request(struct ifconfig *ic, unsigned long com, void *data, const char *what)
{
	int error;

	/* Each of them begins with the interface's name. */
	ifconfig_name(ic, data);
	error = ifconfig_ioctl(ic, com, data);
	if (error < 0)
		t_fail(ic->t, 1, error, "%s", what);
}

static bool
read_any(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	(void)a;
	return true;
}

/* Text, or digits behind 0x. The bytes that it has; -1: too many, or no digits. */
static int
hex_or_text(const char *s, uint8_t *out, size_t max)
{
	size_t n = strlen(s), i;
	char pair[3] = "";

	if (s[0] != '0' || (s[1] != 'x' && s[1] != 'X')) {
		if (n > max)
			return -1;
		memcpy(out, s, n);
		return (int)n;
	}
	s += 2;
	n -= 2;
	if (n % 2 != 0 || n / 2 > max ||
	    strspn(s, "0123456789abcdefABCDEF") != n)
		return -1;
	for (i = 0; i < n / 2; i++) {
		memcpy(pair, s + 2 * i, 2);
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return (int)(n / 2);
}

static bool
read_nwid(struct ifconfig *ic, struct action *a)
{
	uint8_t bytes[MAXNWID];

	(void)ic;
	return hex_or_text(a->arg, bytes, sizeof(bytes)) >= 0;
}

static void
run_nwid(struct ifconfig *ic, const struct action *a)
{
	struct ifreq ifr;
	struct nwid nwid;

	memset(&nwid, 0, sizeof(nwid));
	nwid.len = (uint8_t)hex_or_text(a->arg, nwid.nwid, sizeof(nwid.nwid));
	memset(&ifr, 0, sizeof(ifr));
	ifr.ifr_ifru.ifru_data = &nwid;
	request(ic, SIOCS80211NWID, &ifr, "SIOCS80211NWID");
}

/* "key", or "n:k1,k2,k3,k4"; nothing at all turns it off. */
static void
run_nwkey(struct ifconfig *ic, const struct action *a)
{
	uint8_t bytes[NKEYS][16];
	struct nwkey key;
	char *s, *next;
	int i = 0, n;

	memset(&key, 0, sizeof(key));
	memset(bytes, 0, sizeof(bytes));
	s = a->arg != NULL ? t_strdup(ic->t, a->arg) : NULL;
	if (s != NULL) {
		key.wepon = 1;
		key.defkid = 1;
		if (s[0] >= '1' && s[0] <= '4' && s[1] == ':') {
			key.defkid = s[0] - '0';
			s += 2;
		}
	}
	for (; s != NULL; s = next, i++) {
		next = strchr(s, ',');
		if (next != NULL)
			*next++ = '\0';
		n = i < NKEYS ? hex_or_text(s, bytes[i], sizeof(bytes[i])) : -1;
		if (n < 0)
			t_errx(ic->t, 1, "bad nwkey");
		key.key[i].len = n;
		key.key[i].dat = bytes[i];
	}
	request(ic, SIOCS80211NWKEY, &key, "SIOCS80211NWKEY");
}

static void
run_power(struct ifconfig *ic, const struct action *a)
{
	struct power power;

	memset(&power, 0, sizeof(power));
	request(ic, SIOCG80211POWER, &power, "SIOCG80211POWER");
	if (a->arg != NULL)
		power.maxsleep = (int)a->num;
	else
		power.enabled = (int)a->word->arg;
	request(ic, SIOCS80211POWER, &power, "SIOCS80211POWER");
}

static bool
read_int(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return word_number(a->arg, a->word->arg, INT16_MAX, &a->num);
}

static void
run_channel(struct ifconfig *ic, const struct action *a)
{
	struct channel req;

	memset(&req, 0, sizeof(req));
	req.channel = a->arg != NULL ? (uint16_t)a->num : UINT16_MAX;
	request(ic, SIOCS80211CHANNEL, &req, "SIOCS80211CHANNEL");
}

static bool
read_bssid(struct ifconfig *ic, struct action *a)
{
	struct sockaddr_dl dl;

	(void)ic;
	return link_parse(a->arg, &dl) && dl.sdl_addr.dl_alen == 6;
}

static void
run_bssid(struct ifconfig *ic, const struct action *a)
{
	struct sockaddr_dl dl;
	struct bssid req;

	memset(&req, 0, sizeof(req));
	if (a->arg != NULL && link_parse(a->arg, &dl))
		memcpy(req.bssid, dl.sdl_addr.dl_data, sizeof(req.bssid));
	request(ic, SIOCS80211BSSID, &req, "SIOCS80211BSSID");
}

static void
run_80211(struct ifconfig *ic, const struct action *a)
{
	struct req80211 req;

	memset(&req, 0, sizeof(req));
	req.type = (uint16_t)(a->word->arg / 2);
	req.val = a->arg != NULL ? (int16_t)a->num : (int16_t)(a->word->arg & 1);
	request(ic, SIOCS80211, &req, "SIOCS80211");
}

static bool
read_frag(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return word_number(a->arg, 0, INT16_MAX, &a->num);
}

static bool
read_list(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return strcmp(a->arg, "scan") == 0;
}

static void
run_list(struct ifconfig *ic, const struct action *a)
{
	struct req80211 req;
	int flags;

	(void)a;
	if (ifconfig_getflags(ic, &flags) < 0 || (flags & IFF_UP) == 0)
		t_errx(ic->t, 1, "The interface must be up before scanning.");
	memset(&req, 0, sizeof(req));
	req.type = IOC_SCAN_RESULTS;
	request(ic, SIOCS80211, &req, "unable to get scan results");
}

/* --- carp(4): what is there is read, one field changed --- */

enum { CARP_VHID, CARP_ADVBASE, CARP_ADVSKEW, CARP_STATE, CARP_DEV, CARP_PASS };

static const char *const carp_states[] = { "INIT", "BACKUP", "MASTER" };

static int
carp_state(const char *s)
{
	int i;
	size_t j;

	for (i = 0; i < 3; i++) {
		for (j = 0; s[j] != '\0' &&
		     toupper((unsigned char)s[j]) == carp_states[i][j];
		     j++)
			;
		if (s[j] == '\0' && carp_states[i][j] == '\0')
			return i;
	}
	return -1;
}

static bool
read_carp(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	switch (a->word->arg) {
	case CARP_VHID:
	case CARP_ADVBASE:
		return word_number(a->arg, 1, 255, &a->num);
	case CARP_ADVSKEW:
		return word_number(a->arg, 0, 254, &a->num);
	case CARP_STATE:
		return (a->num = carp_state(a->arg)) >= 0;
	default:
		return strlen(a->arg) < IFNAMSIZ || a->word->arg == CARP_PASS;
	}
}

static void
run_carp(struct ifconfig *ic, const struct action *a)
{
	struct ifreq ifr;
	struct carp carp;
	size_t n = strlen(a->arg);

	memset(&carp, 0, sizeof(carp));
	memset(&ifr, 0, sizeof(ifr));
	ifr.ifr_ifru.ifru_data = &carp;
	request(ic, SIOCGVH, &ifr, "SIOCGVH");
	switch (a->word->arg) {
	case CARP_VHID:
		carp.vhid = (int)a->num;
		break;
	case CARP_ADVBASE:
		carp.advbase = (int)a->num;
		break;
	case CARP_ADVSKEW:
		carp.advskew = (int)a->num;
		break;
	case CARP_STATE:
		carp.state = (int)a->num;
		break;
	case CARP_DEV:
		snprintf(carp.dev, sizeof(carp.dev), "%s", a->arg);
		break;
	default:
		memset(carp.key, 0, sizeof(carp.key));
		memcpy(carp.key, a->arg,
		    n < sizeof(carp.key) ? n : sizeof(carp.key));
		break;
	}
	request(ic, SIOCSVH, &ifr, "SIOCSVH");
}

const struct word wireless_words[] = {
	{ "ssid", run_nwid, read_nwid, 0 },
	{ "nwid", run_nwid, read_nwid, 0 },
	{ "nwkey", run_nwkey, read_any, 0 },
	{ "-nwkey", run_nwkey, NULL, 0 },
	{ "powersave", run_power, NULL, 1 },
	{ "-powersave", run_power, NULL, 0 },
	{ "powersavesleep", run_power, read_int, 0 },
	{ "chan", run_channel, read_int, 0 },
	{ "-chan", run_channel, NULL, 0 },
	{ "bssid", run_bssid, read_bssid, 0 },
	{ "-bssid", run_bssid, NULL, 0 },
	{ "hidessid", run_80211, NULL, IOC_HIDESSID * 2 + 1 },
	{ "-hidessid", run_80211, NULL, IOC_HIDESSID * 2 },
	{ "apbridge", run_80211, NULL, IOC_APBRIDGE * 2 + 1 },
	{ "-apbridge", run_80211, NULL, IOC_APBRIDGE * 2 },
	{ "frag", run_80211, read_frag, IOC_FRAGTHRESHOLD * 2 },
	{ "list", run_list, read_list, 0 },
	{ "vhid", run_carp, read_carp, CARP_VHID },
	{ "advbase", run_carp, read_carp, CARP_ADVBASE },
	{ "advskew", run_carp, read_carp, CARP_ADVSKEW },
	{ "state", run_carp, read_carp, CARP_STATE },
	{ "carpdev", run_carp, read_carp, CARP_DEV },
	{ "pass", run_carp, read_carp, CARP_PASS },
	{ NULL, NULL, NULL, 0 },
};
