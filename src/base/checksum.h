/* CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds damage, proves nothing against an attacker. */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include "base/view.h"

uint32_t crc32c(struct view v);

/* Continues a checksum: crc32c_more(crc32c(a), b) is the checksum of a followed by b. */
uint32_t crc32c_more(uint32_t crc, struct view v);

/* The same without the processor's help, for tests: what one machine writes, another reads. */
uint32_t crc32c_more_by_table(uint32_t crc, struct view v);

#endif
