/* SPDX-License-Identifier: BSD-2-Clause */
/* raidctl(8): what its parts share. */
#ifndef RAIDCTL_RAIDCTL_H
#define RAIDCTL_RAIDCTL_H

#include "tools.h"
#include <netbsd/raidframe.h>

/* RF_Config and the others know components by names of so many bytes, the NUL among them. */
#define RAID_NAME 50

struct raidctl {
	struct tool *t;
	const char *dev;  /* as given */
	const char *name; /* as opened */
	int fd;
	bool verbose;
};

/* A request to the driver; ends the tool when it fails. `name` is the request's, for the message. */
#define RAID_IOCTL(rc, com, data) raid_ioctl((rc), com, #com, (data))
void raid_ioctl(
    struct raidctl *, unsigned long com, const char *name, void *data);
/* The set, in the arena, its counts and names checked. Ends the tool when there is none. */
struct RF_DeviceConfig_s *raid_info(struct raidctl *);
/* The number of a component or spare by name; ends the tool when the set has none. */
int raid_component(struct raidctl *, const char *name);
void raid_nap(struct tool *, int ms);

/* --- raid_conf.c: configuration files --- */

/*
 * The configuration in a file's text (NUL-ended, changed). `file` is for messages. False after a message.
 */
bool raid_parse(
    struct tool *, char *text, const char *file, struct RF_Config_s *);
/* The same from a file, "-" is standard input. 0, or an errno after a message (0 as raidctl has it where there is no file: *failed tells). */
int raid_read_config(
    struct tool *, const char *file, struct RF_Config_s *, bool *failed);
/* -G */
void raid_print_config(struct raidctl *);

/* --- raid_show.c: what a set is like --- */

/* -s; -g; -p, which is true when parity is good. */
void raid_status(struct raidctl *);
void raid_label(struct raidctl *, const char *component, int number);
void raid_get_label(struct raidctl *, int number, struct RF_ComponentLabel_s *);
bool raid_parity(struct raidctl *);
/* -m, -M: `arg` is yes, no or set with up to three numbers. False: usage. */
void raid_map_status(struct raidctl *);
bool raid_map_set(struct raidctl *, const char *arg, char **params, int n);

/* --- raid_wait.c: long work --- */

enum raid_work { RAID_RECON, RAID_REWRITE, RAID_COPYBACK };
/* The three lines of -s and -S; with `meter` then a bar for each that goes on, until it is done. */
void raid_progress(struct raidctl *, bool meter);
/* Waits for work that was just started, with a bar. `component` for a reconstruction, else -1. */
void raid_wait(struct raidctl *, enum raid_work, int component);

#endif
