/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture files: the headers of libpcap's classic format (draft-ietf-opsawg-pcap: magic 0xa1b2c3d4, microseconds; 0xa1b23c4d, nanoseconds), in the machine's byte
 * order, link type Ethernet.
 */
#ifndef NET_PCAP_H
#define NET_PCAP_H

#include <stdint.h>
#include <string.h>

#define PCAP_MAGIC 0xa1b2c3d4U
#define PCAP_MAGIC_NS 0xa1b23c4dU
#define PCAP_FILE_SIZE 24
#define PCAP_RECORD_SIZE 16

static inline void
pcap_file_header(uint8_t h[PCAP_FILE_SIZE], uint32_t magic, uint32_t snaplen)
{
	const uint16_t version[2] = { 2, 4 };
	const uint32_t link = 1;

	memset(h, 0, PCAP_FILE_SIZE);
	memcpy(h, &magic, 4);
	memcpy(h + 4, version, 4);
	memcpy(h + 16, &snaplen, 4);
	memcpy(h + 20, &link, 4);
}

static inline void
pcap_record_header(uint8_t h[PCAP_RECORD_SIZE], uint32_t sec, uint32_t frac,
    uint32_t caplen, uint32_t len)
{
	const uint32_t v[4] = { sec, frac, caplen, len };

	memcpy(h, v, PCAP_RECORD_SIZE);
}

#endif
