/* A line of dns_stubs: "ZONE ADDRESS[@PORT] [insecure]", for the dns role and for `postrider config check`.
 */
#ifndef CONFIG_DNS_STUB_H
#define CONFIG_DNS_STUB_H

#include "format/dns_record.h"

struct dns_stub {
	char zone[DNS_NAME_SIZE];
	char server[64]; /* as libunbound reads it */
	bool insecure;
};

/* 0, or -EINVAL with *problem naming what is wrong with the line (a constant). */
int dns_stub_parse(struct view line, struct dns_stub *out, const char **problem);

#endif
