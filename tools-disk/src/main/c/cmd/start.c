/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of the executable, see the header. */
#include "host/start.h"
