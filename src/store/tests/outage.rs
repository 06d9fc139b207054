//! A database that does not answer.
