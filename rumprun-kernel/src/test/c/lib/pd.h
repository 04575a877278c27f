/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts in packetdrill's language, run against a kernel in this process on virtual time.
 *
 * The common subset: comments, --option=value lines, `sysctl -w name=value` lines, and events: a time (0.1, +0.1, a~b, *, and a...b for calls that block)
 * with a packet (< in, > out; TCP and ICMP), a system call with its result, or %{ assert tcpi_name == n }%. Sequence numbers are relative to each end's
 * first. An expected packet without options must have none, <...> stands for any; without win any window will do.
 *
 * Ours beyond that: "port N" behind the direction is another remote port, "badsum" a wrong checksum, "raw HEX" an IP packet as it stands.
 */
#ifndef LIB_PD_H
#define LIB_PD_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define PD_MAXOPT 40
#define PD_ANYTIME INT64_MIN

enum pd_kind { PD_PACKET, PD_CALL, PD_ASSERT };

struct pd_packet {
	bool in, badsum;
	uint16_t port; /* remote; 0: the connection's */
	int ecn;       /* -1: any */
	/* TCP */
	uint8_t flags; /* TH_* */
	uint32_t seq, len, ack;
	bool have_win, have_urg, any_opts;
	uint32_t win, urg;
	uint8_t opts[PD_MAXOPT];
	unsigned nopts;
	/* ICMP about [seq:...] */
	bool icmp;
	uint8_t icmp_type, icmp_code;
	uint32_t mtu;
};

struct pd_event {
	struct pd_event *next;
	int line;
	enum pd_kind kind;
	/* ns. rel: since the event before. begin == PD_ANYTIME: any. end: of a range or a blocking call. */
	bool rel, range, blocks;
	int64_t begin, end;
	struct pd_packet pkt;
	char call[32];
	char text[400]; /* arguments; an assertion */
	long result;
	bool any_result;
	char error[24]; /* errno's name */
};

struct pd_script {
	struct pd_event *events;
	int64_t tolerance_ns;
	int mtu, ipv, tso;
	char sysctls[16][96];
	unsigned nsysctls;
	char error[256]; /* why it could not be read */
};

/* False: error says why, with the line. pd_free in either case. */
bool pd_parse(const char *text, struct pd_script *);
void pd_free(struct pd_script *);
/* Runs it; false: why holds what went wrong where. */
bool pd_run(const struct pd_script *, char *why, size_t size);

/* Numbers of flags, levels, options, errnos by name: true and *v. "A|B" too. */
bool pd_constant(const char *name, long *v);

/* --- pd_packet.c: packets of the two ends --- */
struct pd_ends {
	int ipv;
	uint8_t local[16], remote[16]; /* 4 or 16 bytes */
	uint16_t lport, rport;
};
/* The IP packet; its length, 0: too long. lseq: first sequence number of our end; the other's are as they stand. */
size_t pd_build(const struct pd_packet *, const struct pd_ends *, uint32_t lseq,
    uint8_t *buf, size_t size);
struct pd_seen {
	uint16_t lport, rport;
	uint8_t flags;
	uint32_t seq, ack, win, urg, len;
	const uint8_t *opts, *data;
	unsigned nopts;
	int ecn;
};
/* A packet that was sent: NULL, or what is wrong with it. */
const char *pd_dissect(const uint8_t *, size_t, int ipv, struct pd_seen *);
/* Compares; lseq as above. False: why says in what. */
bool pd_match(const struct pd_packet *, const struct pd_seen *, uint32_t lseq,
    char *why, size_t size);
void pd_show(const struct pd_seen *, uint32_t lseq, char *, size_t);

#endif
