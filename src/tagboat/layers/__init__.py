"""File trees and layers: what a layer holds, and the tar and compressed bytes that carry it."""
