"""Avain's tests: unit (mirrors the code), flows (real servers, no mocks), contract, browser and architecture."""
