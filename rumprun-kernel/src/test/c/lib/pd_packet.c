/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of packetdrill's scripts: made, taken apart, compared. */
#include <netbsd/in.h>
#include <netbsd/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lib/pd.h"
#include "net/mbuf.h"

#define PD_NDATA(seq, i) ((uint8_t)((seq) + (i)))

static uint16_t
transport_sum(const uint8_t *src, const uint8_t *dst, size_t alen,
    unsigned proto, const uint8_t *p, size_t n)
{
	uint8_t tail[8];
	uint32_t sum;

	be32_put(tail, (uint32_t)n);
	be32_put(tail + 4, proto);
	sum = in_cksum_add(0, src, alen);
	sum = in_cksum_add(sum, dst, alen);
	sum = in_cksum_add(sum, tail, 8);
	sum = in_cksum_add(sum, p, n);
	return (uint16_t)~in_cksum_fold(sum);
}

static size_t
ip_header(uint8_t *p, int ipv, const uint8_t *src, const uint8_t *dst,
    unsigned proto, size_t n, unsigned tos)
{
	uint16_t sum;

	if (ipv == 6) {
		be32_put(p, 0x60000000u | tos << 20);
		be16_put(p + 4, (uint16_t)n);
		p[6] = (uint8_t)proto;
		p[7] = 255;
		memcpy(p + 8, src, 16);
		memcpy(p + 24, dst, 16);
		return 40;
	}
	memset(p, 0, 20);
	p[0] = 0x45;
	p[1] = (uint8_t)tos;
	be16_put(p + 2, (uint16_t)(n + 20));
	p[8] = 255;
	p[9] = (uint8_t)proto;
	memcpy(p + 12, src, 4);
	memcpy(p + 16, dst, 4);
	sum = (uint16_t)~in_cksum_fold(in_cksum_add(0, p, 20));
	memcpy(p + 10, &sum, 2);
	return 20;
}

/* ICMP about a segment that our end is to have sent. */
static size_t
build_icmp(const struct pd_packet *k, const struct pd_ends *e, uint32_t lseq,
    uint8_t *buf)
{
	size_t hdr = e->ipv == 6 ? 40 : 20, n;
	uint8_t *ic = buf + hdr, *q = ic + 8, *th = q + hdr;
	uint16_t sum;
	unsigned type = k->icmp_type;

	memset(ic, 0, 8 + hdr + 20);
	(void)ip_header(
	    q, e->ipv, e->local, e->remote, IPPROTO_TCP, 20 + k->len, 0);
	be16_put(th, e->lport);
	be16_put(th + 2, e->rport);
	be32_put(th + 4, k->seq + lseq);
	th[12] = 0x50;
	th[13] = TH_ACK;
	ic[0] = (uint8_t)(e->ipv == 6 && type == 3 ? 1 : type);
	ic[1] = k->icmp_code;
	if (e->ipv == 6)
		be32_put(ic + 4, k->mtu);
	else
		be16_put(ic + 6, (uint16_t)k->mtu);
	n = 8 + hdr + (e->ipv == 6 ? 20 : 8);
	if (e->ipv == 6)
		sum = transport_sum(
		    e->remote, e->local, 16, IPPROTO_ICMPV6, ic, n);
	else
		sum = (uint16_t)~in_cksum_fold(in_cksum_add(0, ic, n));
	memcpy(ic + 2, &sum, 2);
	return ip_header(buf, e->ipv, e->remote, e->local,
		   e->ipv == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, n, 0) +
	    n;
}

size_t
pd_build(const struct pd_packet *k, const struct pd_ends *e, uint32_t lseq,
    uint8_t *buf, size_t size)
{
	size_t hdr = e->ipv == 6 ? 40 : 20, optlen = (k->nopts + 3) & ~3u;
	size_t n = 20 + optlen + k->len;
	uint8_t *th = buf + hdr;
	uint16_t sum;

	if (k->icmp)
		return size < 200 ? 0 : build_icmp(k, e, lseq, buf);
	if (n + hdr > size)
		return 0;
	memset(th, 0, 20 + optlen);
	be16_put(th, e->rport);
	be16_put(th + 2, e->lport);
	be32_put(th + 4, k->seq);
	be32_put(th + 8, (k->flags & TH_ACK) != 0 ? k->ack + lseq : k->ack);
	th[12] = (uint8_t)((20 + optlen) / 4 << 4);
	th[13] = k->flags;
	be16_put(th + 14, (uint16_t)k->win);
	be16_put(th + 18, (uint16_t)k->urg);
	memcpy(th + 20, k->opts, k->nopts);
	/* SACK blocks tell of our end's numbers. */
	for (unsigned i = 0; i + 1 < k->nopts;) {
		uint8_t *o = th + 20 + i;

		if (o[0] <= TCPOPT_NOP) {
			i++;
			continue;
		}
		if (o[1] < 2)
			break;
		if (o[0] == TCPOPT_SACK)
			for (unsigned j = 2; j + 4 <= o[1]; j += 4)
				be32_put(o + j, be32_get(o + j) + lseq);
		i += o[1];
	}
	for (uint32_t i = 0; i < k->len; i++)
		th[20 + optlen + i] = PD_NDATA(k->seq, i);
	sum = transport_sum(
	    e->remote, e->local, e->ipv == 6 ? 16 : 4, IPPROTO_TCP, th, n);
	if (k->badsum)
		sum ^= 0x1234;
	memcpy(th + 16, &sum, 2);
	return ip_header(buf, e->ipv, e->remote, e->local, IPPROTO_TCP, n,
		   k->ecn < 0 ? 0 : (unsigned)k->ecn) +
	    n;
}

const char *
pd_dissect(const uint8_t *p, size_t n, int ipv, struct pd_seen *s)
{
	size_t hdr = ipv == 6 ? 40 : 20, thlen;
	const uint8_t *th = p + hdr;

	memset(s, 0, sizeof(*s));
	if (n < hdr + 20)
		return "a packet without a TCP header";
	if (ipv == 4) {
		if (p[0] != 0x45 || be16_get(p + 2) != n || p[9] != IPPROTO_TCP)
			return "a wrong IP header";
		if (in_cksum_fold(in_cksum_add(0, p, 20)) != 0xffff)
			return "a wrong IP checksum";
		s->ecn = p[1] & 3;
	} else {
		if (p[0] >> 4 != 6 || be16_get(p + 4) + 40u != n ||
		    p[6] != IPPROTO_TCP)
			return "a wrong IPv6 header";
		s->ecn = p[1] >> 4 & 3;
	}
	n -= hdr;
	thlen = (size_t)(th[12] >> 4) * 4;
	if (thlen < 20 || thlen > n)
		return "a wrong data offset";
	if (transport_sum(ipv == 6 ? p + 8 : p + 12, ipv == 6 ? p + 24 : p + 16,
		ipv == 6 ? 16 : 4, IPPROTO_TCP, th, n) != 0)
		return "a wrong TCP checksum";
	s->lport = be16_get(th);
	s->rport = be16_get(th + 2);
	s->seq = be32_get(th + 4);
	s->ack = be32_get(th + 8);
	s->flags = th[13];
	s->win = be16_get(th + 14);
	s->urg = be16_get(th + 18);
	s->opts = th + 20;
	s->nopts = (unsigned)thlen - 20;
	s->data = th + thlen;
	s->len = (uint32_t)(n - thlen);
	return NULL;
}

static void
show_flags(uint8_t flags, char *buf)
{
	static const char names[] = "FSRP.UEW";

	for (int i = 0; i < 8; i++)
		if ((flags >> i & 1) != 0)
			*buf++ = names[i];
	*buf = '\0';
}

void
pd_show(const struct pd_seen *s, uint32_t lseq, char *buf, size_t size)
{
	char flags[9], opts[96] = "";
	size_t at = 0;

	show_flags(s->flags, flags);
	for (unsigned i = 0; i < s->nopts && at < sizeof(opts) - 3; i++)
		at += (size_t)snprintf(
		    opts + at, sizeof(opts) - at, "%02x", s->opts[i]);
	snprintf(buf, size, "%s %u:%u(%u) ack %u win %u urg %u <hex %s> ecn %d",
	    flags, s->seq - lseq, s->seq - lseq + s->len, s->len, s->ack,
	    s->win, s->urg, opts, s->ecn);
}

static bool
differ(char *why, size_t size, const char *what, uint32_t got, uint32_t want)
{
	snprintf(why, size, "%s is %u, not %u", what, got, want);
	return false;
}

bool
pd_match(const struct pd_packet *k, const struct pd_seen *s, uint32_t lseq,
    char *why, size_t size)
{
	unsigned nopts = (k->nopts + 3) & ~3u;

	if (k->flags != s->flags)
		return differ(why, size, "flags", s->flags, k->flags);
	if (k->seq != s->seq - lseq)
		return differ(why, size, "seq", s->seq - lseq, k->seq);
	if (k->len != s->len)
		return differ(why, size, "length", s->len, k->len);
	if ((k->flags & TH_ACK) != 0 && k->ack != s->ack)
		return differ(why, size, "ack", s->ack, k->ack);
	if (k->have_win && k->win != s->win)
		return differ(why, size, "win", s->win, k->win);
	if (k->have_urg && k->urg != s->urg)
		return differ(why, size, "urg", s->urg, k->urg);
	if (k->ecn >= 0 && k->ecn != s->ecn)
		return differ(
		    why, size, "ecn", (uint32_t)s->ecn, (uint32_t)k->ecn);
	if (k->any_opts)
		return true;
	if (nopts != s->nopts || memcmp(k->opts, s->opts, k->nopts) != 0) {
		snprintf(why, size, "options differ");
		return false;
	}
	return true;
}
