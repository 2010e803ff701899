/* Which blobs the entries of the store name, whoever's they are: for everybody who opens a data folder. */
#ifndef ROLE_STORE_STORE_NAMES_H
#define ROLE_STORE_STORE_NAMES_H

#include "store/store.h"

/* Accounts' emails and the queue's records: compaction and checks must miss none. */
store_names_blobs store_all_names_blobs;

#endif
