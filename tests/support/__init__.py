"""What the tests share: the sources under test, the test bed, fixtures for real containers."""
