// SQLite, with functions for the macros that do not reach Swift.
#pragma once
#include <sqlite3.h>
