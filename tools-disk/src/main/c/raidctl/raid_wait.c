/* SPDX-License-Identifier: BSD-2-Clause */
/* Reconstruction, rewriting of parity and copyback: how far they are, and waiting for them with a bar. */
#include "raidctl/raidctl.h"
#include <inttypes.h>
#include <netbsd/time.h>
#include <stdio.h>
#include <string.h>

#define BAR 39 /* stars of a full bar */
/* Work that was asked for begins a moment later. */
#define BEGIN_MS 3000
#define STEP_MS 50

static const struct {
	unsigned long com;
	const char *name, *what;
} works[] = {
	[RAID_RECON] = { RAIDFRAME_CHECK_RECON_STATUS_EXT,
	    "RAIDFRAME_CHECK_RECON_STATUS_EXT", "Reconstruction" },
	[RAID_REWRITE] = { RAIDFRAME_CHECK_PARITYREWRITE_STATUS_EXT,
	    "RAIDFRAME_CHECK_PARITYREWRITE_STATUS_EXT", "Parity Re-write" },
	[RAID_COPYBACK] = { RAIDFRAME_CHECK_COPYBACK_STATUS_EXT,
	    "RAIDFRAME_CHECK_COPYBACK_STATUS_EXT", "Copyback" },
};

/* True while the work goes on. */
static bool
progress(struct raidctl *rc, enum raid_work w, struct RF_ProgressInfo_s *info)
{
	void *p = info;

	memset(info, 0, sizeof(*info));
	raid_ioctl(rc, works[w].com, works[w].name, &p);
	if (info->completed > info->total)
		info->completed = info->total;
	return info->remaining != 0;
}

/* No set has 2^57 stripes, so nothing overflows; what a driver says may be anything. */
static int
percent(const struct RF_ProgressInfo_s *info)
{
	uint64_t total = info->total;

	if (info->remaining == 0 || total == 0)
		return 100;
	return (int)(total > UINT64_MAX / 100 ? info->completed / (total / 100) :
						info->completed * 100 / total);
}

static int64_t
now_ms(struct tool *t)
{
	struct timespec ts;

	if (sys_clock_gettime(t, CLOCK_MONOTONIC, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- the bar -------------------------------------------------------------------- */

static void
eta_text(char *buf, size_t n, int64_t seconds)
{
	if (seconds < 0 || seconds >= INT64_C(100) * 3600)
		snprintf(buf, n, "--:--");
	else if (seconds >= 3600)
		snprintf(buf, n, "%02d:%02d:%02d", (int)(seconds / 3600),
		    (int)(seconds / 60 % 60), (int)(seconds % 60));
	else
		snprintf(buf, n, "%02d:%02d", (int)(seconds / 60),
		    (int)(seconds % 60));
}

/* 10% |****                                   | ETA:    06:03 / */
static void
bar(struct tool *t, int pct, int64_t seconds, char spin)
{
	char stars[BAR + 1], eta[16];

	if (pct > 100)
		pct = 100;
	memset(stars, ' ', BAR);
	memset(stars, '*', (size_t)(pct * BAR / 100));
	stars[BAR] = '\0';
	eta_text(eta, sizeof(eta), seconds);
	t_printf(t, "\r%3d%% |%s| ETA: %8s %c", pct, stars, eta, spin);
	t_flush(t->t_out);
}

/* What is longer than the bar shows is all the same. */
static int64_t
seconds(double s)
{
	return s < 1e6 ? (int64_t)s : 1000000;
}

static void
meter(struct raidctl *rc, enum raid_work w)
{
	struct RF_ProgressInfo_s info;
	struct tool *t = rc->t;
	int64_t begin = now_ms(t), shown = -1000;
	uint64_t first = 0;
	bool started = false;
	unsigned turn = 0;
	int nap = STEP_MS;

	while (progress(rc, w, &info)) {
		int64_t now = now_ms(t), left = -1;

		if (!started)
			first = info.completed;
		started = true;
		/* As fast as it went on since this began. */
		if (info.completed > first && now > begin)
			left = seconds((double)(now - begin) *
			    (double)(info.total - info.completed) /
			    (double)(info.completed - first) / 1000.0);
		t_progress(t, works[w].what, info.completed, info.total);
		if (now - shown >= 1000 || t_isatty(t, 1)) {
			bar(t, percent(&info), left, "|/-\\"[turn++ % 4]);
			shown = now;
		}
		raid_nap(t, nap);
		if (nap < 500)
			nap += STEP_MS;
	}
	t_progress(t, works[w].what, 1, 1);
	bar(t, 100, 0, ' ');
	t_printf(t, "\n");
}

/* --- for callers ---------------------------------------------------------------- */

void
raid_progress(struct raidctl *rc, bool with_meter)
{
	struct RF_ProgressInfo_s info[3];

	for (int w = RAID_RECON; w <= RAID_COPYBACK; w++) {
		(void)progress(rc, (enum raid_work)w, &info[w]);
		t_printf(rc->t, "%s is %d%% complete.\n", works[w].what,
		    percent(&info[w]));
	}
	for (int w = RAID_RECON; w <= RAID_COPYBACK && with_meter; w++)
		if (info[w].remaining != 0) {
			t_printf(rc->t, "%s status:\n", works[w].what);
			meter(rc, (enum raid_work)w);
		}
}

/* Whether work that isn't to be seen has ended already, rather than not begun. */
static bool
ended(struct raidctl *rc, enum raid_work w, int component)
{
	struct RF_DeviceConfig_s *c;
	int good = 0;
	bool done = true;

	if (w == RAID_REWRITE) {
		RAID_IOCTL(rc, RAIDFRAME_CHECK_PARITY, &good);
		return good != 0;
	}
	c = raid_info(rc);
	for (int i = 0; i < c->ndevs; i++) {
		int32_t s = c->devs[i].status;

		if (w == RAID_COPYBACK)
			done = done && s != rf_ds_spared;
		else if (i == component)
			done = s != rf_ds_failed && s != rf_ds_reconstructing;
	}
	t_free(rc->t, c);
	return done;
}

void
raid_wait(struct raidctl *rc, enum raid_work w, int component)
{
	struct RF_ProgressInfo_s info;

	t_printf(rc->t, "%s status:\n", works[w].what);
	for (int ms = 0; ms < BEGIN_MS && !progress(rc, w, &info);
	     ms += STEP_MS) {
		raid_nap(rc->t, STEP_MS);
		if (ended(rc, w, component))
			break;
	}
	meter(rc, w);
}
