/* TRACING_ASK: mail/mail_trace.h. */
#ifndef ROLE_STORE_RIGHT_TRACE_H
#define ROLE_STORE_RIGHT_TRACE_H

/* What is being searched comes to its end: before the search's threads are waited for. */
void right_trace_stop(void);

#endif
