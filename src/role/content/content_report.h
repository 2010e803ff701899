/* Reports between servers, found in a mail. */
#ifndef ROLE_CONTENT_CONTENT_REPORT_H
#define ROLE_CONTENT_CONTENT_REPORT_H

#include "process/link.h"

enum {
	/* Of the processor's time for one message: 64 MB of text take some 3 s. */
	CONTENT_SECONDS_MAX = 30
};

/* A new store: what was gathered is dropped. */
void content_report_begin(void);
/* Store's verb. */
void content_report_piece(struct link *link, struct channel_frame *frame, const void *message);

#endif
