/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of system calls. */
#include <netbsd/syscall.h>
#include "kern/syscalls.h"

/* Calls that belong to modules which NetBSD would try to load. */
/* clang-format off */
#define MODULE_SYSCALLS(X) \
	X(7) X(8) X(14) X(18) X(19) X(21) X(38) X(40) X(46) X(48) \
	X(52) X(53) X(55) X(62) X(63) X(64) X(65) X(71) X(83) X(84) \
	X(85) X(86) X(87) X(88) X(89) X(93) X(103) X(108) X(109) \
	X(110) X(111) X(112) X(116) X(117) X(122) X(129) X(130) \
	X(138) X(140) X(142) X(143) X(144) X(145) X(146) X(148) \
	X(149) X(155) X(156) X(157) X(158) X(161) X(162) X(163) \
	X(164) X(169) X(170) X(171) X(184) X(185) X(186) X(187) \
	X(188) X(189) X(190) X(196) X(206) X(210) X(220) X(221) \
	X(222) X(223) X(224) X(225) X(226) X(227) X(228) X(229) \
	X(230) X(231) X(232) X(233) X(234) X(237) X(238) X(240) \
	X(244) X(247) X(248) X(249) X(250) X(251) X(252) X(253) \
	X(254) X(255) X(256) X(257) X(258) X(259) X(260) X(261) \
	X(262) X(263) X(264) X(265) X(266) X(272) X(276) X(278) \
	X(279) X(280) X(291) X(295) X(298) X(299) X(300) X(301) \
	X(302) X(303) X(320) X(345) X(359) X(373) X(374) X(387) \
	X(388) X(389) X(392) X(393) X(398) X(399) X(400) X(401) \
	X(402) X(403) X(404) X(405) X(406) X(422) X(432) X(433) \
	X(434) X(438) X(442) X(443) X(444)
/* clang-format on */

#define NAME(number, name, argsize, nargs, flags)                \
	[number].sy_argsize = argsize, [number].sy_narg = nargs, \
	[number].sy_name = #name,
#define MODULE(number) [number].sy_flags = SY_MODULE,
#define CALL(number, handler) [number].sy_call = handler,
#define VFS_CALL(number, handler) \
	[number].sy_call = handler, [number].sy_flags = SY_VFS,
#define NET_CALL(number, handler) \
	[number].sy_call = handler, [number].sy_flags = SY_NET,

const struct sysent kern_sysent[512] = { SYSCALL_TABLE(NAME)
	    MODULE_SYSCALLS(MODULE) KERN_SYSCALLS(CALL) SERVICE_SYSCALLS(CALL)
		VFS_SYSCALLS(VFS_CALL) NET_SYSCALLS(NET_CALL) };
