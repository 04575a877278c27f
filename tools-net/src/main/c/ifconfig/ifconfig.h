/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ifconfig: what its files share.
 *
 * A command line is read whole before anything is done (words.c): unknown words change nothing. Then the actions are run in their
 * order, and last the address is set (address.c).
 */
#ifndef IFCONFIG_H
#define IFCONFIG_H

#include "iflist.h"
#include <netbsd/in6_var.h>
#include <netbsd/in_var.h>
#include <netbsd/sockio.h>
#include <netbsd/time.h>

struct ifconfig;
struct word;

/* One word with its arguments, checked. */
struct action {
	const struct word *word;
	const char *arg, *arg2;
	int64_t num;
};

struct word {
	const char *name;
	/* Does it; what goes wrong ends the tool or is a warning. NULL: all is done when the line is read. */
	void (*run)(struct ifconfig *, const struct action *);
	/* Reads the argument; false: it makes no sense. NULL: there is none. */
	bool (*read)(struct ifconfig *, struct action *);
	int64_t arg; /* for both */
};

enum alias { ALIAS_NONE, ALIAS_ADD, ALIAS_DELETE };

/* An address of the command line and what stood behind its slash. */
struct paddr {
	union any_addr a; /* family 0: there is none */
	int prefixlen;	  /* -1: not said */
};

struct ifconfig {
	struct tool *t;
	bool all, broadcast, down, up, human, list, lifetimes, media, names,
	    silent, verbose, zero, cloners;
	int64_t wait; /* seconds; -1: not at all */
	const char *ifname;
	int af; /* of the command line; AF_UNSPEC: not said */
	struct if_entry *ifs;
	bool have_ifs;
	int socks[AF_MAX]; /* one a family; -1: none yet */
	/* the address */
	struct paddr addr, dst;
	union any_addr mask, brd;
	enum alias alias;
	bool eui64, active;
	int flags6, clear6;	/* IN6_IFF_* */
	int64_t pltime, vltime; /* -1: not said */
	bool have_preference;
	int16_t preference;
	/* media */
	bool media_set;
	int media_word;
	char vlan_parent[IFNAMSIZ];
	int64_t vlan_tag; /* -1: not said */
	struct action *actions;
	int nactions;
	int status;
};

_Noreturn void ifconfig_usage(struct tool *);
/* A socket of the family, or of inet for AF_UNSPEC; -errno. */
int ifconfig_socket(struct ifconfig *, int af);
/* An ioctl of the interface on an inet socket; -errno. */
int ifconfig_ioctl(struct ifconfig *, unsigned long com, void *data);
/* The list of interfaces, read once. NULL: there is none. */
const struct if_entry *ifconfig_list(struct ifconfig *);
/* The interface's name into a request's first field. */
void ifconfig_name(const struct ifconfig *, char name[IFNAMSIZ]);
int ifconfig_getflags(struct ifconfig *, int *flags);

/* --- words.c --- */
/* Reads the words behind the interface's name. False: they make no sense. */
bool words_read(struct ifconfig *, char *const *words);
void words_run(struct ifconfig *);
bool words_family(const char *, int *af);
bool word_number(const char *, int64_t min, int64_t max, int64_t *out);
/* the tables of other files, ended by a NULL name */
extern const struct word wireless_words[], media_words[], address_words[],
    capability_words[];

/* --- address.c --- */
/* An address word: of the family, or of any. */
bool address_read(struct ifconfig *, const char *, struct paddr *);
void address_commit(struct ifconfig *);

/* --- status.c --- */
void status_show(struct ifconfig *, const struct if_entry *, int flags);
/* Whether any address of any interface is tentative. */
bool status_tentative(struct ifconfig *);
/* "0x8843<UP,...>" in snprintb(3)'s way; `names` go by the bits from `first` on, NULL: no such bit. */
void status_bits(
    struct tool *, uint64_t bits, const char *const *names, int first, int n);
extern const char *const capability_names[13]; /* from bit 7 on */

/* --- media.c --- */
void media_show(struct ifconfig *);
/* False when the interface tells that it has no carrier. */
bool media_carrier(struct ifconfig *, const char *ifname);

#endif
