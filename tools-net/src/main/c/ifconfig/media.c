/* SPDX-License-Identifier: BSD-2-Clause */
/* Media, as in ifmedia(4): the words of ifconfig and what it shows. */
#include "ifconfig.h"
#include <netbsd/if_media.h>
#include <stdio.h>

struct media_name {
	int word;
	const char *name, *alias;
};

static const struct media_name type_names[] = {
	{ IFM_ETHER, "Ethernet", "ether" }, { IFM_TOKEN, "TokenRing", "token" },
	{ IFM_FDDI, "FDDI", NULL }, { IFM_IEEE80211, "IEEE802.11", NULL },
	{ IFM_CARP, "CARP", NULL }, { 0, NULL, NULL }
};

/* Subtypes of every type, then of one. */
static const struct media_name common_names[] = {
	{ IFM_AUTO, "autoselect", "auto" }, { IFM_MANUAL, "manual", NULL },
	{ IFM_NONE, "none", NULL }, { 0, NULL, NULL }
};
static const struct media_name ether_names[] = { { IFM_10_T, "10baseT", "UTP" },
	{ IFM_10_2, "10base2", "BNC" }, { IFM_10_5, "10base5", "AUI" },
	{ IFM_100_TX, "100baseTX", NULL }, { IFM_100_FX, "100baseFX", NULL },
	{ IFM_100_T4, "100baseT4", NULL }, { IFM_100_VG, "100baseVG", NULL },
	{ IFM_100_T2, "100baseT2", NULL }, { IFM_1000_SX, "1000baseSX", NULL },
	{ IFM_10_STP, "10baseSTP", NULL }, { IFM_10_FL, "10baseFL", NULL },
	{ IFM_1000_LX, "1000baseLX", NULL },
	{ IFM_1000_CX, "1000baseCX", NULL }, { IFM_1000_T, "1000baseT", NULL },
	{ IFM_HPNA_1, "HomePNA1", NULL }, { IFM_10G_LR, "10GbaseLR", NULL },
	{ IFM_10G_SR, "10GbaseSR", NULL }, { IFM_10G_CX4, "10GbaseCX4", NULL },
	{ IFM_2500_SX, "2500baseSX", NULL },
	{ IFM_1000_BX10, "1000baseBX10", NULL },
	{ IFM_10G_TWINAX, "10Gbase-Twinax", NULL },
	{ IFM_10G_TWINAX_LONG, "10Gbase-Twinax-Long", NULL },
	{ IFM_10G_LRM, "10GbaseLRM", NULL }, { IFM_10G_T, "10GbaseT", NULL },
	{ 0, NULL, NULL } };
static const struct media_name wireless_names[] = { { IFM_IEEE80211_FH1, "FH1",
							NULL },
	{ IFM_IEEE80211_FH2, "FH2", NULL }, { IFM_IEEE80211_DS1, "DS1", NULL },
	{ IFM_IEEE80211_DS2, "DS2", NULL }, { IFM_IEEE80211_DS5, "DS5", NULL },
	{ IFM_IEEE80211_DS11, "DS11", NULL },
	{ IFM_IEEE80211_DS22, "DS22", NULL },
	{ IFM_IEEE80211_OFDM6, "OFDM6", NULL },
	{ IFM_IEEE80211_OFDM9, "OFDM9", NULL },
	{ IFM_IEEE80211_OFDM12, "OFDM12", NULL },
	{ IFM_IEEE80211_OFDM18, "OFDM18", NULL },
	{ IFM_IEEE80211_OFDM24, "OFDM24", NULL },
	{ IFM_IEEE80211_OFDM36, "OFDM36", NULL },
	{ IFM_IEEE80211_OFDM48, "OFDM48", NULL },
	{ IFM_IEEE80211_OFDM54, "OFDM54", NULL }, { 0, NULL, NULL } };
static const struct media_name mode_names[] = {
	{ IFM_AUTO, "autoselect", "auto" }, { IFM_IEEE80211_11A, "11a", NULL },
	{ IFM_IEEE80211_11B, "11b", NULL }, { IFM_IEEE80211_11G, "11g", NULL },
	{ IFM_IEEE80211_FH, "FH", NULL }, { IFM_IEEE80211_11NA, "11na", NULL },
	{ IFM_IEEE80211_11NG, "11ng", NULL }, { 0, NULL, NULL }
};
static const struct media_name option_names[] = {
	{ IFM_FDX, "full-duplex", "fdx" }, { IFM_HDX, "half-duplex", "hdx" },
	{ IFM_FLOW, "flowcontrol", "flow" }, { IFM_FLAG0, "flag0", NULL },
	{ IFM_FLAG1, "flag1", NULL }, { IFM_FLAG2, "flag2", NULL },
	{ IFM_LOOP, "loopback", "hw-loopback" }, { 0, NULL, NULL }
};
static const struct media_name ether_options[] = { { IFM_ETH_MASTER, "master",
						       NULL },
	{ IFM_ETH_RXPAUSE, "rxpause", NULL },
	{ IFM_ETH_TXPAUSE, "txpause", NULL }, { 0, NULL, NULL } };
static const struct media_name wireless_options[] = { { IFM_IEEE80211_ADHOC,
							  "adhoc", NULL },
	{ IFM_IEEE80211_HOSTAP, "hostap", NULL },
	{ IFM_IEEE80211_MONITOR, "monitor", NULL },
	{ IFM_IEEE80211_TURBO, "turbo", NULL },
	{ IFM_IEEE80211_IBSS, "ibss", NULL }, { 0, NULL, NULL } };
static const struct media_name none[] = { { 0, NULL, NULL } };

static const struct media_name *
subtypes(int word)
{
	switch (word & IFM_NMASK) {
	case IFM_ETHER:
		return ether_names;
	case IFM_IEEE80211:
		return wireless_names;
	default:
		return none;
	}
}

static const struct media_name *
type_options(int word)
{
	switch (word & IFM_NMASK) {
	case IFM_ETHER:
		return ether_options;
	case IFM_IEEE80211:
		return wireless_options;
	default:
		return none;
	}
}

static bool
equal(const char *a, const char *b)
{
	if (b == NULL)
		return false;
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		int ca = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
		int cb = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;

		if (ca != cb)
			return false;
	}
	return *a == *b;
}

static const struct media_name *
by_name(const struct media_name *m, const char *name)
{
	for (; m->name != NULL; m++)
		if (equal(name, m->name) || equal(name, m->alias))
			return m;
	return NULL;
}

static const struct media_name *
by_word(const struct media_name *m, int word)
{
	for (; m->name != NULL; m++)
		if (m->word == word)
			return m;
	return NULL;
}

/* --- asking --- */

/* The interface's media and, with `list`, all that it supports. 0 or -errno. */
static int
media_get(
    struct ifconfig *ic, const char *ifname, struct ifmediareq *req, bool list)
{
	int error;

	memset(req, 0, sizeof(*req));
	snprintf(req->ifm_name, sizeof(req->ifm_name), "%s", ifname);
	error = ifconfig_ioctl(ic, SIOCGIFMEDIA, req);
	if (error < 0 || !list)
		return error;
	if (req->ifm_count <= 0 || req->ifm_count > 4096) {
		req->ifm_count = 0;
		return 0;
	}
	req->ifm_ulist = t_calloc(ic->t, (size_t)req->ifm_count, sizeof(int));
	error = req->ifm_count;
	if (ifconfig_ioctl(ic, SIOCGIFMEDIA, req) < 0 ||
	    req->ifm_count > error || req->ifm_count < 0)
		req->ifm_count = 0;
	return 0;
}

bool
media_carrier(struct ifconfig *ic, const char *ifname)
{
	struct ifmediareq req;

	return media_get(ic, ifname, &req, false) < 0 ||
	    (req.ifm_status & IFM_AVALID) == 0 ||
	    (req.ifm_status & IFM_ACTIVE) != 0;
}

/* --- the words --- */

/* The word that is to be set, which several words change; asked for once. */
static int *
current(struct ifconfig *ic)
{
	struct ifmediareq req;
	int error;

	if (!ic->media_set) {
		error = media_get(ic, ic->ifname, &req, false);
		if (error < 0)
			t_fail(ic->t, 1, error, "SIOCGIFMEDIA");
		if (req.ifm_count == 0)
			t_errx(ic->t, 1, "%s: no media types?", ic->ifname);
		ic->media_word = req.ifm_current;
		ic->media_set = true;
	}
	return &ic->media_word;
}

static void
apply(struct ifconfig *ic)
{
	struct ifreq ifr;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	ifr.ifr_ifru.ifru_value = (unsigned)ic->media_word;
	error = ifconfig_ioctl(ic, SIOCSIFMEDIA, &ifr);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCSIFMEDIA");
}

static bool
read_word(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return a->arg[0] != '\0';
}

static void
run_media(struct ifconfig *ic, const struct action *a)
{
	int *word = current(ic);
	const struct media_name *m = by_name(common_names, a->arg);

	if (m == NULL)
		m = by_name(subtypes(*word), a->arg);
	if (m == NULL)
		t_errx(ic->t, 1, "unknown media subtype: %s", a->arg);
	*word = (*word & (IFM_NMASK | (int)IFM_IMASK)) | m->word;
	apply(ic);
}

static void
run_mode(struct ifconfig *ic, const struct action *a)
{
	int *word = current(ic);
	const struct media_name *m = by_name(mode_names, a->arg);

	if (m == NULL || (*word & IFM_NMASK) != IFM_IEEE80211)
		t_errx(ic->t, 1, "unknown media mode: %s", a->arg);
	*word = (*word & ~IFM_MMASK) | m->word;
	apply(ic);
}

/* A list of options between commas. */
static void
run_options(struct ifconfig *ic, const struct action *a)
{
	int *word = current(ic), bits = 0;
	char *list = t_strdup(ic->t, a->arg), *next;

	for (; list != NULL; list = next) {
		const struct media_name *m;

		next = strchr(list, ',');
		if (next != NULL)
			*next++ = '\0';
		m = by_name(option_names, list);
		if (m == NULL)
			m = by_name(type_options(*word), list);
		if (m == NULL)
			t_errx(ic->t, 1, "unknown media option: %s", list);
		bits |= m->word;
	}
	*word = a->word->arg != 0 ? *word | bits : *word & ~bits;
	apply(ic);
}

/* The instance belongs to a media type that is set with it. */
static bool
read_instance(struct ifconfig *ic, struct action *a)
{
	int i;

	for (i = 0; i < ic->nactions; i++)
		if (ic->actions[i].word->run == run_media ||
		    ic->actions[i].word->run == run_mode ||
		    ic->actions[i].word->run == run_options)
			return word_number(a->arg, 0, IFM_INST_MAX, &a->num);
	return false;
}

static void
run_instance(struct ifconfig *ic, const struct action *a)
{
	int *word = current(ic);

	*word = (int)(((unsigned)*word & ~IFM_IMASK) |
	    (unsigned)a->num << IFM_ISHIFT);
	apply(ic);
}

const struct word media_words[] = {
	{ "media", run_media, read_word, 0 },
	{ "mode", run_mode, read_word, 0 },
	{ "mediaopt", run_options, read_word, 1 },
	{ "-mediaopt", run_options, read_word, 0 },
	{ "instance", run_instance, read_instance, 0 },
	{ "inst", run_instance, read_instance, 0 },
	{ NULL, NULL, NULL, 0 },
};

/* --- showing --- */

static void
print_options(struct ifconfig *ic, int word, const char *first)
{
	const struct media_name *tables[2] = { option_names,
		type_options(word) };
	const char *sep = first;
	const struct media_name *m;
	size_t i;

	for (i = 0; i < 2; i++)
		for (m = tables[i]; m->name != NULL; m++)
			if ((word & m->word) != 0) {
				t_printf(ic->t, "%s%s", sep, m->name);
				sep = ",";
			}
}

/* "autoselect mode 11g full-duplex,rxpause": a word but for its type. */
static void
print_word(struct ifconfig *ic, int word, bool as_command)
{
	const struct media_name *m = by_word(common_names, word & IFM_TMASK);

	if (m == NULL)
		m = by_word(subtypes(word), word & IFM_TMASK);
	t_printf(ic->t, "%s", m != NULL ? m->name : "<unknown subtype>");
	if ((word & IFM_NMASK) == IFM_IEEE80211 && (word & IFM_MMASK) != 0 &&
	    (m = by_word(mode_names, word & IFM_MMASK)) != NULL)
		t_printf(ic->t, " mode %s", m->name);
	print_options(ic, word, as_command ? " mediaopt " : " ");
	if (((unsigned)word & IFM_IMASK) != 0 && as_command)
		t_printf(ic->t, " instance %u", (unsigned)word >> IFM_ISHIFT);
}

static void
show_supported(struct ifconfig *ic, const struct ifmediareq *req)
{
	const struct media_name *m;
	int i, j;

	for (m = type_names; m->name != NULL; m++)
		for (i = 0; i < req->ifm_count; i++) {
			if ((req->ifm_ulist[i] & IFM_NMASK) != m->word)
				continue;
			t_printf(ic->t, "\tsupported %s media:\n", m->name);
			for (j = i; j < req->ifm_count; j++) {
				if ((req->ifm_ulist[j] & IFM_NMASK) != m->word)
					continue;
				t_printf(ic->t, "\t\tmedia ");
				print_word(ic, req->ifm_ulist[j], true);
				t_putc(ic->t, '\n');
			}
			break;
		}
}

void
media_show(struct ifconfig *ic)
{
	const struct media_name *m;
	struct ifmediareq req;

	if (media_get(ic, ic->ifname, &req, true) < 0 || req.ifm_count == 0)
		return;
	m = by_word(type_names, req.ifm_current & IFM_NMASK);
	t_printf(ic->t, "\tmedia: %s ", m != NULL ? m->name : "<unknown type>");
	print_word(ic, req.ifm_current, false);
	if (req.ifm_active != req.ifm_current) {
		t_printf(ic->t, " (");
		print_word(ic, req.ifm_active, false);
		t_putc(ic->t, ')');
	}
	t_putc(ic->t, '\n');
	if ((req.ifm_status & IFM_AVALID) != 0)
		t_printf(ic->t, "\tstatus: %s\n",
		    (req.ifm_status & IFM_ACTIVE) == 0 ? "no carrier" :
			(req.ifm_current & IFM_NMASK) == IFM_IEEE80211 ?
							 "associated" :
							 "active");
	if (ic->media)
		show_supported(ic, &req);
}
