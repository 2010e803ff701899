/* The functions of the table in imap_commands.c. Each takes what stands behind the command's name: the space
 * before its first argument too. */
#ifndef IMAP_IMAP_COMMANDS_H
#define IMAP_IMAP_COMMANDS_H

#include "imap/imap_private.h"

imap_run imap_capability;                                                         /* imap_capability.c */
imap_run imap_enable_command;                                                     /* imap_enable.c */
imap_run imap_login, imap_authenticate, imap_starttls;                            /* imap_login.c */
imap_run imap_noop, imap_logout, imap_id, imap_unauthenticate, imap_compress;     /* imap_basic.c */
imap_run imap_namespace, imap_getjmapaccess;                                      /* imap_basic.c */
imap_run imap_select, imap_examine, imap_close_command, imap_unselect_command;    /* imap_select.c */
imap_run imap_uidbatches;                                                         /* imap_uidbatches.c */
imap_run imap_idle;                                                               /* imap_idle.c */
imap_run imap_list, imap_lsub;                                                    /* imap_list.c */
imap_run imap_status;                                                             /* imap_status.c */
imap_run imap_create, imap_delete, imap_rename, imap_subscribe, imap_unsubscribe; /* imap_mailbox.c */
imap_run imap_search;                                                             /* imap_search.c */
imap_run imap_cancelupdate;                                                       /* imap_context.c */
imap_run imap_sort;                                                               /* imap_sort.c */
imap_run imap_thread;                                                             /* imap_thread.c */
imap_run imap_esearch;                                                            /* imap_esearch.c */
imap_run imap_getacl, imap_setacl, imap_deleteacl;                                /* imap_acl.c */
imap_run imap_listrights, imap_myrights;                                          /* imap_acl.c */
imap_run imap_getquota, imap_getquotaroot, imap_setquota;                         /* imap_quota.c */
imap_run imap_getmetadata, imap_setmetadata;                                      /* imap_metadata.c */
imap_run imap_notify;                                                             /* imap_notify.c */
imap_run imap_language, imap_comparator;                                          /* imap_language.c */
imap_run imap_append;                                                             /* imap_append.c */
imap_run imap_fetch;                                                              /* imap_fetch.c */
imap_run imap_store;                                                              /* imap_store.c */
imap_run imap_copy, imap_move;                                                    /* imap_copy.c */
imap_run imap_genurlauth, imap_resetkey;                                          /* imap_urlauth.c */
imap_run imap_urlfetch;                                                           /* imap_urlfetch.c */
imap_run imap_replace;                                                            /* imap_replace.c */
imap_run imap_expunge;                                                            /* imap_expunge.c */

#endif
