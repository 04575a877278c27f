/* SPDX-License-Identifier: BSD-2-Clause */
/* A RAIDframe driver for raidctl without a kernel: answers what a test put there, keeps the requests, captures output. */
#ifndef LIB_FAKE_RAID_H
#define LIB_FAKE_RAID_H

#include <netbsd/raidframe.h>
#include <rumprun/tool.h>

#define FAKE_CALLS 64

struct fake_raid {
	bool absent; /* no such device */
	bool unconfigured;
	const char *conf; /* what /raid.conf holds; NULL: no such file */
	size_t conf_len;
	size_t conf_at;
	/* What the driver says. */
	struct RF_DeviceConfig_s info;
	struct RF_ComponentLabel_s label;
	struct rf_pmstat map;
	struct RF_ProgressInfo_s
	    progress[3]; /* recon, rewrite, copyback: each look is one step further */
	int parity;
	int error; /* of every request but the queries: -errno */
	/* What it was asked. */
	unsigned long calls[FAKE_CALLS];
	int ncalls;
	struct RF_Config_s config;
	struct RF_SingleComponent_s single;
	struct rf_recon_req recon;
	int value; /* the last int that was set */
	struct rf_pmparams params;
	int64_t now_ns;
	char out[65536];
	size_t outlen;
};

/* Runs a command line (blanks separate words); the status. */
int fake_raid_run(struct fake_raid *, tool_main *, const char *line);
bool fake_raid_asked(const struct fake_raid *, unsigned long com);

#endif
