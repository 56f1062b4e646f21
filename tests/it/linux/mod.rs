//! What Linux promises beyond Unix.
