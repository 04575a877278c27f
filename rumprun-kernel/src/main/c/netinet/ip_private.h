/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 on the wire (RFC 791), and what its files share. */
#ifndef NETINET_IP_PRIVATE_H
#define NETINET_IP_PRIVATE_H

#include "netinet/in_pcb.h"
#include "netinet/inet.h"

/* offsets in the header */
#define IPH_VHL 0
#define IPH_TOS 1
#define IPH_LEN 2
#define IPH_ID 4
#define IPH_OFF 6
#define IPH_TTL 8
#define IPH_P 9
#define IPH_SUM 10
#define IPH_SRC 12
#define IPH_DST 16
#define IPH_SIZE 20
#define IPH_MAX 60

static inline unsigned
ip_hlen(const uint8_t *ip)
{
	return (ip[IPH_VHL] & 15u) * 4;
}
static inline uint32_t
ip_src(const uint8_t *ip)
{
	uint32_t a;

	memcpy(&a, ip + IPH_SRC, 4);
	return a;
}
static inline uint32_t
ip_dst(const uint8_t *ip)
{
	uint32_t a;

	memcpy(&a, ip + IPH_DST, 4);
	return a;
}
static inline void
ip_setaddr(uint8_t *p, uint32_t a)
{
	memcpy(p, &a, 4);
}
/* Of a header in memory, 20 to 60 bytes: 0 when it is right. */
static inline uint16_t
ip_cksum(const uint8_t *ip, unsigned hlen)
{
	return (uint16_t)~in_cksum_fold(in_cksum_add(0, ip, hlen));
}
static inline void
ip_setcksum(uint8_t *ip, unsigned hlen)
{
	uint16_t sum;

	ip[IPH_SUM] = ip[IPH_SUM + 1] = 0;
	sum = ip_cksum(ip, hlen);
	memcpy(ip + IPH_SUM, &sum, 2);
}
/* ICMP (RFC 792) */
#define ICMP_H_TYPE 0
#define ICMP_H_CODE 1
#define ICMP_H_SUM 2
#define ICMP_H_VOID 4
#define ICMP_H_PPTR 4
#define ICMP_H_GATEWAY 4
#define ICMP_H_NEXTMTU 6
#define ICMP_H_IP 8

#endif
